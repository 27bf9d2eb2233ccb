// <countersign-petition><a href="https://…/en/p/slug">…</a></countersign-petition>: the link becomes a frame with the
// petition. Without this script, or for anything but an address of a petition on the site it comes from, it stays a link.
const home = new URL(import.meta.url).origin;

customElements.define(
  'countersign-petition',
  class extends HTMLElement {
    connectedCallback() {
      const link = this.querySelector('a[href]');
      const [, locale, slug] = (link && /^\/([a-z]+)\/p\/([a-z0-9-]+)\/?$/.exec(new URL(link.href).pathname)) || [];
      if (!slug || new URL(link.href).origin !== home) return;
      const frame = document.createElement('iframe');
      frame.src = `${home}/${locale}/embed/${slug}`;
      frame.title = link.textContent;
      frame.loading = 'lazy';
      frame.width = this.getAttribute('width') || '480';
      frame.height = this.getAttribute('height') || '320';
      frame.style.border = '0';
      frame.style.maxWidth = '100%';
      this.replaceChildren(frame);
    }
  },
);
