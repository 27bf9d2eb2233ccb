// Runs in the page: everything that is written or read out there, but for what says itself that it is in another language.
(() => {
  const other = (element) => element.closest('[lang]').lang !== document.documentElement.lang;
  const written = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (!other(parentElement) && !parentElement.closest('script, style, pre, .mono')) written.push(data);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [alt], [placeholder]'))
    if (!other(element))
      written.push(...['aria-label', 'title', 'alt', 'placeholder'].map((name) => element.getAttribute(name) ?? ''));
  written.push(document.title, document.querySelector('meta[name=description]')?.content ?? '');
  return written.filter((text) => text.trim() !== '');
})();
