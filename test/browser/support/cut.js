// Runs in the page: text that nobody can read, because its box is too small for it.
(() => {
  const describe = (element) => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 80)}`;
  const found = new Set();
  const meant = (element) =>
    !element.closest('.trap, .skip, .visually-hidden, svg, noscript, [hidden]') && element.checkVisibility();
  // A box that scrolls, and the heads of a table whose rows have become blocks, which are there for screen readers only.
  const elsewhere = (element) =>
    [...document.querySelectorAll('.rail, .table-wrap, .mail-preview, .scroll-x, .scroll-y, pre, .stack thead')].some(
      (box) => box !== element && box.contains(element),
    );
  for (const element of document.querySelectorAll('body *')) {
    if (!meant(element) || elsewhere(element) || element.matches('input, textarea, select, progress')) continue;
    const { overflowX, overflowY, textOverflow } = getComputedStyle(element);
    const hides = (overflow) => overflow === 'hidden' || overflow === 'clip';
    if ((hides(overflowX) || textOverflow === 'ellipsis') && element.scrollWidth > element.clientWidth + 1)
      found.add(`hidden: ${describe(element)}`);
    if (hides(overflowY) && element.scrollHeight > element.clientHeight + 1) found.add(`hidden: ${describe(element)}`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    let box = node.parentElement;
    if (node.data.trim() === '' || !meant(box) || box.closest('option, textarea, .stack thead')) continue;
    while (getComputedStyle(box).display === 'inline') box = box.parentElement;
    const { left, right } = box.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    const outside = [...range.getClientRects()].some((rect) => rect.left < left - 1 || rect.right > right + 1);
    if (outside) found.add(`outside: ${describe(box)}`);
  }
  // A closed list shows the chosen words on one line, the whole of them when it opens; at 320 px an ellipsis has to do.
  const pen = document.createElement('canvas').getContext('2d');
  for (const select of innerWidth < 390 ? [] : document.querySelectorAll('select:not([multiple])')) {
    const words = select.selectedOptions[0]?.text ?? '';
    const { font, paddingLeft, paddingRight } = getComputedStyle(select);
    pen.font = font;
    const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    if (words.startsWith('⟦') && pen.measureText(words).width > room) found.add(`select: ${words}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.add('the page scrolls sideways');
  return [...found];
})();
