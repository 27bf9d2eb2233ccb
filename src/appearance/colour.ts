/** The grounds of app.css on which the colour has to be read. */
export const grounds = {
  light: { paper: '#fbfaf6', card: '#ffffff', quiet: '#e5e0d6' },
  dark: { paper: '#151918', card: '#1e2322', quiet: '#3a403e' },
} as const;

/** WCAG 2.2, 1.4.3 (text) and 1.4.11 (bars and edges). */
const forText = 4.5;
const forShapes = 3;

type Rgb = [number, number, number];
const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];

const parse = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
const format = (colour: Rgb): string => `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
const mix = (one: Rgb, other: Rgb, share: number): Rgb =>
  one.map((part, at) => Math.round(part * (1 - share) + other[at]! * share)) as Rgb;

/** Relative luminance (WCAG 2.2). */
const luminance = (colour: Rgb): number => {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** Contrast ratio, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The custom properties of app.css that follow from the colour, in one scheme. */
export interface Shades {
  brand: string;
  brandDeep: string;
  onBrand: string;
  tint: string;
}

type Grounds = (typeof grounds)['light' | 'dark'];

/** How well it can be read where it is hardest: 1 is enough, less is not. */
const fitness = (brand: string, { paper, card, quiet }: Grounds): number =>
  Math.min(contrast(brand, paper) / forText, contrast(brand, card) / forText, contrast(brand, quiet) / forShapes);

/** As much of the colour in the ground as leaves the colour readable on it. */
function tintOf(brand: Rgb, ground: Rgb, most: number): string {
  for (let share = most; share > 0; share -= 0.02) {
    const tint = format(mix(ground, brand, share));
    if (contrast(format(brand), tint) >= forText) return tint;
  }
  return format(ground);
}

/**
 * Light is the colour as it was chosen; dark is the same with as much white as it takes to be read on dark grounds.
 * @param colour `#rrggbb`
 * @returns null if it cannot be read on light grounds: it would have to be darker
 */
export function shadesOf(colour: string): { light: Shades; dark: Shades } | null {
  if (fitness(colour, grounds.light) < 1) return null;
  const chosen = parse(colour);
  let lighter = chosen;
  for (let share = 0; fitness(format(lighter), grounds.dark) < 1.2 && share < 1; share += 0.05)
    lighter = mix(chosen, white, share);
  return {
    light: {
      ...{ brand: colour, brandDeep: format(mix(chosen, black, 0.3)), onBrand: '#ffffff' },
      tint: tintOf(chosen, parse(grounds.light.card), 0.12),
    },
    dark: {
      ...{
        brand: format(lighter),
        brandDeep: format(mix(lighter, white, 0.4)),
        onBrand: format(mix(chosen, black, 0.9)),
      },
      tint: tintOf(lighter, parse(grounds.dark.card), 0.16),
    },
  };
}

const rule = ({ brand, brandDeep, onBrand, tint }: Shades): string =>
  `:root{--brand:${brand};--brand-deep:${brandDeep};--on-brand:${onBrand};--tint:${tint}}`;

/** A style sheet that stands after app.css. Paper stays black on white. */
export function styleSheet(colour: string): string | null {
  const shades = shadesOf(colour);
  return (
    shades &&
    `@media screen{${rule(shades.light)}}@media screen and (prefers-color-scheme:dark){${rule(shades.dark)}}\n`
  );
}
