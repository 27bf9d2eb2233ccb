// Keeps a page up to date while something goes on. Without this file the page loads itself again, or has a link for it.
for (const region of document.querySelectorAll('[data-events]')) {
  const said = document.querySelector('[data-said]');
  const shown = {};
  let source;
  const show = ({ data }) => {
    const { parts, say, ended } = JSON.parse(data);
    for (const [name, html] of Object.entries(parts)) {
      const part = document.querySelector(`[data-part="${name}"]`);
      if (shown[name] === html) continue;
      // Nobody loses the link she stands on, nor the box she has ticked.
      if (!part || part.querySelector(':focus:not(.table-wrap), :focus-visible, input:checked')) continue;
      part.innerHTML = shown[name] = html;
    }
    if (said && said.textContent !== say) said.textContent = say;
    if (!ended) return;
    source.close();
    location.reload();
  };
  const open = () => {
    if (source && source.readyState !== EventSource.CLOSED) return;
    source = new EventSource(region.dataset.events);
    source.addEventListener('progress', show);
  };
  // A page that nobody looks at holds no line.
  document.addEventListener('visibilitychange', () => (document.hidden ? source?.close() : open()));
  if (!document.hidden) open();
}
