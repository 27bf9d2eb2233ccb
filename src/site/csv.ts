/**
 * Text that a spreadsheet will not take for a formula (OWASP, "CSV Injection"): a leading =, +, -, @, tab or carriage
 * return gets an apostrophe in front. Numbers that we made ourselves need not pass here.
 */
export const plainCell = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
