// Runs in the page: what sticks out sideways, which controls are too small for a finger (44 px), and which lines that say
// what is wrong lead to no field or do not name it.
(() => {
  const describe = (element) => element.outerHTML.slice(0, 120);
  const own = [...document.querySelectorAll('body *')].filter((element) => !element.closest('.trap, .skip, thead'));
  // What lies in a box that scrolls by itself may be wide.
  const scrolls = (element) => element.closest('.rail, .table-wrap, .mail-preview, .scroll-x, pre') !== null;
  const sideways = document.documentElement.scrollWidth > innerWidth;
  const tooWide = own
    .filter((element) => sideways && !scrolls(element))
    .filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return right > innerWidth + 1 || left < -1;
    })
    .map(describe);
  // Links inside a sentence are exempt (WCAG 2.2, 2.5.8), and a box to tick is as large as its label.
  const controls =
    'a.button, button, select, textarea, label.check, summary, input:not([type=checkbox], [type=radio], [type=hidden])';
  const tooSmall = [...document.querySelectorAll(controls)]
    .filter((element) => !element.closest('.trap') && element.checkVisibility())
    .filter((element) => element.getBoundingClientRect().height < 43.5)
    .map(describe);
  const labelOf = (field) =>
    field?.labels?.[0] ?? (field?.closest('fieldset') ?? field?.parentElement)?.querySelector('legend, label');
  // The label of a box is a sentence, which has a short name before the colon; of files the name of the file stands there.
  const named = (line, field) =>
    line.textContent.includes(labelOf(field)?.textContent.trim()) ||
    (field.matches('[type=checkbox], [type=file]') && /.:\s/.test(line.textContent));
  const unnamed = [...document.querySelectorAll('.error-summary a')]
    .filter((line) => {
      const field = document.getElementById(line.hash.slice(1));
      return !field || !(field.matches('form') || named(line, field));
    })
    .map(describe);
  return {
    unnamed,
    tooWide: sideways && tooWide.length === 0 ? ['the page scrolls sideways'] : tooWide,
    tooSmall,
  };
})();
