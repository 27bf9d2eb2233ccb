// The preview follows what is typed. Decoration only: the button beside the form shows the same.
const form = document.querySelector('form[data-preview]');
const pane = document.getElementById('preview');
const pause = 400;
let timer;
let asking;

async function show() {
  asking?.abort();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.preview, { method: 'POST', body, signal: asking.signal });
  // Whoever was signed out meanwhile would get the page that asks for the password.
  if (answer.ok && !answer.redirected) pane.innerHTML = await answer.text();
}

form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(() => show().catch(() => undefined), pause);
});
