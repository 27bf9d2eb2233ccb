/**
 * Text that a spreadsheet will not take for a formula (OWASP, "CSV Injection"): a leading =, +, -, @ (full-width too), tab, line feed or carriage
 * return gets an apostrophe in front. Numbers that we made ourselves need not pass here.
 */
export const plainCell = (text: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);
