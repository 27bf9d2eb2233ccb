import { toString } from 'qrcode';

/** A QR code as SVG, dark on white in any colour scheme, for scanners know no other. */
export const qrCode = (text: string): Promise<string> =>
  toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
