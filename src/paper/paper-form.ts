import type { Form } from '../site/form-answers.js';

/** `number | lines | SHA-256`, a sheet a line, as a person types it; what is missing is refused by the schema. */
export const readSheets = (text: unknown): { number: string; lines: string; sha256: string }[] =>
  (typeof text === 'string' ? text : '')
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [number = '', lines = '', sha256 = ''] = line.split('|').map((part) => part.trim());
      return { number, lines: lines || 'missing', sha256 };
    });

/** What was typed beside each sheet. */
export const readLines = (form: Form, sheets: { number: number }[]): unknown[] =>
  sheets.map(({ number }) => {
    const typed = form[`lines-${number}`];
    return typeof typed === 'string' && typed.trim() !== '' ? typed.trim() : 'missing';
  });
