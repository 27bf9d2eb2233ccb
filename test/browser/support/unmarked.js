// Runs in the page: words that came from no message and are no data either. Data says so by its element: what anybody may
// have written has `dir` or stands in <bdi>, and days, codes and what can be chosen have elements of their own.
(() => {
  const data = 'bdi, time, option, pre, code, .mono, .languages, textarea, script, style, body [dir]';
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data: text } = walker.currentNode;
    if (/\p{L}{2}/u.test(text) && !/[⟦⟧]/.test(text) && !parentElement.closest(data)) found.push(text);
  }
  return found;
})();
