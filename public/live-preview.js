// The preview follows what is typed. Decoration only: the button beside the form shows the same.
const form = document.querySelector('form[data-preview]');
const pane = document.getElementById('preview');
const pause = 400;
let timer;
let asking;

async function show() {
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.preview, { method: 'POST', body, signal: asking.signal });
  // Whoever was signed out meanwhile would get the page that asks for the password.
  if (!answer.ok || answer.redirected) return;
  const piece = await answer.text();
  const inside = pane.contains(document.activeElement) && document.activeElement.id;
  pane.innerHTML = piece;
  // Whoever chooses in the preview goes on choosing.
  if (inside) document.getElementById(inside)?.focus();
}

// A field may belong to the form and stand elsewhere.
document.addEventListener('input', ({ target }) => {
  if (target.form !== form) return;
  asking?.abort();
  clearTimeout(timer);
  timer = setTimeout(() => show().catch(() => undefined), pause);
});
