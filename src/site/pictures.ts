import { readJpeg } from './jpeg.js';
import { readPng } from './png.js';
import { readWebp } from './webp.js';

export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
export type PictureType = (typeof pictureTypes)[number];

export interface Picture {
  type: PictureType;
  /** Pixels, as it is seen. */
  width: number;
  height: number;
  /** Without anything that tells who made it, when, where or with what. */
  bytes: Buffer;
}

const readers = { 'image/png': readPng, 'image/jpeg': readJpeg, 'image/webp': readWebp } as const;

/** Takes a picture for what its content is, whatever it is called. @returns null for anything but a whole one of these types */
export function readPicture(file: Uint8Array): Picture | null {
  for (const type of pictureTypes) {
    const read = readers[type](file);
    if (read) return { type, ...read };
  }
  return null;
}
