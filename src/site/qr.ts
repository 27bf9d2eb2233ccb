import { create, toBuffer, toString } from 'qrcode';

/** Modules of the quiet zone around a code (ISO/IEC 18004). */
const quiet = 4;
/** Level M survives a crease in the paper. */
const how = { errorCorrectionLevel: 'M', margin: quiet } as const;

/** A QR code of an address, black on white whatever the page looks like. */
export const qrSvg = (address: string): Promise<string> => toString(address, { ...how, type: 'svg' });

/** The same for programs that take no SVG; 8 pixels a module, so that it prints sharply. */
export const qrPng = (address: string): Promise<Buffer> => toBuffer(address, { ...how, type: 'png', scale: 8 });

/** The same as the path of an SVG inside a page, one unit per module. */
export function qrCode(text: string): { size: number; path: string } {
  const { size, data } = create(text, how).modules;
  const dark = [...data].flatMap((bit, at) =>
    bit ? [`M${(at % size) + quiet} ${Math.floor(at / size) + quiet}h1v1h-1z`] : [],
  );
  return { size: size + 2 * quiet, path: dark.join('') };
}
