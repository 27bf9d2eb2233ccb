import { toBuffer, toString } from 'qrcode';

/** Level M survives a crease in the paper; the margin of 4 modules is the quiet zone of ISO/IEC 18004. */
const how = { errorCorrectionLevel: 'M', margin: 4 } as const;

/** A QR code of an address, black on white whatever the page looks like. */
export const qrSvg = (address: string): Promise<string> => toString(address, { ...how, type: 'svg' });

/** The same for programs that take no SVG; 8 pixels a module, so that it prints sharply. */
export const qrPng = (address: string): Promise<Buffer> => toBuffer(address, { ...how, type: 'png', scale: 8 });
