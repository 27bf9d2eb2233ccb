import { HtmlValidate } from 'html-validate';

/** The HTML standard and nothing of taste: html-validate's own preset, less what it says of style. */
const validator = new HtmlValidate({
  extends: ['html-validate:standard'],
  rules: {
    // Liquid leaves spaces where a condition was.
    'no-trailing-whitespace': 'off',
    'attr-spacing': 'off',
  },
});

/** What is wrong with a page as it left the server, each as line, rule and message. */
export async function invalidHtml(html: string): Promise<string[]> {
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) =>
    messages.map(
      ({ line, ruleId, message }) => `${line} ${ruleId}: ${message} ${html.split('\n')[line - 1]?.slice(0, 160)}`,
    ),
  );
}
