/** A type of the elements of an array: its number in PostgreSQL (pg_type.dat), and how an element is written. */
interface ElementType<Element> {
  oid: number;
  size(element: Element): number;
  write(element: Element, out: Buffer, at: number): void;
}

const type = <Element>(of: ElementType<Element>) => of;
/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
const epoch = 946_684_800_000_000n;

const types = {
  boolean: type<boolean>({ oid: 16, size: () => 1, write: (element, out, at) => out.writeInt8(element ? 1 : 0, at) }),
  bytea: type<Uint8Array>({ oid: 17, size: ({ length }) => length, write: (element, out, at) => out.set(element, at) }),
  int: type<number>({
    oid: 23,
    size: () => 4,
    write: (element, out, at) => {
      if (!Number.isInteger(element)) throw new TypeError('This is no integer.');
      out.writeInt32BE(element, at);
    },
  }),
  text: type<string>({
    oid: 25,
    size: (element) => Buffer.byteLength(element),
    write: (element, out, at) => out.write(element, at),
  }),
  timestamptz: type<Date>({
    oid: 1184,
    size: () => 8,
    write: (element, out, at) => out.writeBigInt64BE(BigInt(element.getTime()) * 1000n - epoch, at),
  }),
  uuid: type<string>({
    oid: 2950,
    size: () => 16,
    write: (element, out, at) => {
      const digits = element.replaceAll('-', '');
      if (digits.length !== 32 || out.write(digits, at, 'hex') !== 16) throw new TypeError('This is no UUID.');
    },
  }),
};
type Types = typeof types;
type ElementName = keyof Types;
type ElementOf<Name extends ElementName> = Types[Name] extends ElementType<infer Element> ? Element : never;

/**
 * An array as a parameter in the form of the protocol (array_recv in PostgreSQL's arrayfuncs.c), for statements that write
 * many rows: as text each element is quoted here and read there, and bytes are twice as long.
 */
export function binaryArray<Name extends ElementName>(
  name: Name,
  elements: readonly (ElementOf<Name> | null | undefined)[],
): Buffer {
  const its = types[name] as ElementType<unknown>;
  const sizes = elements.map((element) => (element === null || element === undefined ? -1 : its.size(element)));
  const out = Buffer.allocUnsafe(sizes.reduce((sum, each) => sum + 4 + Math.max(each, 0), 20));
  let at = 0;
  // One dimension, maybe with NULLs, from 1 on.
  for (const number of [1, 1, its.oid, elements.length, 1]) at = out.writeInt32BE(number, at);
  elements.forEach((element, index) => {
    at = out.writeInt32BE(sizes[index]!, at);
    if (sizes[index]! >= 0) its.write(element, out, at);
    at += Math.max(sizes[index]!, 0);
  });
  return out;
}

/** One column of many rows after the other, each as an array for `unnest`. */
export const columnsOf =
  <Row>(rows: readonly Row[]) =>
  <Name extends ElementName>(name: Name, pick: (row: Row) => ElementOf<Name> | null | undefined): Buffer =>
    binaryArray(name, rows.map(pick));
