// Loaded only while very many people sign: a little work, done while the form is filled in. Without it, waiting does the same.
const field = document.querySelector('input[name="proof"][data-challenge]');
const note = document.querySelector('[data-proof-note]');
const challenge = JSON.parse(field.dataset.challenge);
const worker = new Worker('/assets/proof-worker.js', { type: 'module' });
let waiting = null;

worker.addEventListener('message', ({ data }) => {
  worker.terminate();
  if (!data) return giveUp();
  field.value = btoa(JSON.stringify({ challenge, solution: data }));
  note.textContent = note.dataset.done;
  if (waiting) waiting.requestSubmit();
});
// Then the server says how long to wait.
worker.addEventListener('error', giveUp);
worker.postMessage(challenge);

function giveUp() {
  field.disabled = true;
  if (waiting) waiting.submit();
}

field.form.addEventListener('submit', (event) => {
  if (field.value || field.disabled) return;
  event.preventDefault();
  if (event.submitter) event.submitter.disabled = true;
  waiting = field.form;
  note.textContent = note.dataset.working;
});
