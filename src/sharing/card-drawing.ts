import { renderAsync, Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { join } from 'node:path';
import { projectRoot } from '../config/root.js';
import { cardSvg, type CardWords, type WidthOf } from './card.js';

const font = {
  fontFiles: ['regular', 'bold'].map((weight) => join(projectRoot, 'public/fonts', `vazirmatn-${weight}.ttf`)),
  // The same picture on every machine.
  loadSystemFonts: false,
  defaultFontFamily: 'Vazirmatn',
};
const options: ResvgRenderOptions = { font };

/** A PNG of the card. The lines are measured here; the drawing itself does not stand in the way of other requests. */
export const drawCard = async (words: CardWords): Promise<Buffer> =>
  (await renderAsync(cardSvg(words, widthOf), options)).asPng();

const widthOf: WidthOf = (text, weight) => {
  const escaped = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text font-family="Vazirmatn" font-size="100" font-weight="${weight}">${escaped}</text></svg>`;
  return (new Resvg(svg, options).getBBox()?.width ?? 0) / 100;
};
