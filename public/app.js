// Decoration only: every page does its work without this file.

// A likely typing error in the domain of an address becomes a question, never an error.
const domains =
  'gmail.com yahoo.com hotmail.com outlook.com icloud.com proton.me protonmail.com gmx.de gmx.net web.de live.com aol.com mail.com yahoo.fr yahoo.de hotmail.fr hotmail.co.uk yahoo.co.uk'.split(
    ' ',
  );

function near(a, b) {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return left.length + right.length <= 2 || (left.length === 2 && left[0] === right[1] && left[1] === right[0]);
}

for (const input of document.querySelectorAll('input[data-typo]')) {
  const note = document.createElement('p');
  note.className = 'hint';
  note.setAttribute('role', 'status');
  input.after(note);
  input.addEventListener('change', () => {
    note.textContent = '';
    const [, name, domain] = /^(.+)@([^@]+)$/.exec(input.value.trim().toLowerCase()) ?? [];
    if (!domain || domains.includes(domain)) return;
    const meant = domains.find((each) => near(domain, each));
    if (!meant) return;
    // Asked here, the server need not ask again.
    if (input.form?.elements.typoAsked) input.form.elements.typoAsked.value = input.value.trim();
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button-quiet';
    button.textContent = input.dataset.typo.replace('{address}', `\u2066${name}@${meant}\u2069`);
    button.addEventListener('click', () => {
      input.value = `${input.value.trim().slice(0, name.length)}@${meant}`;
      note.textContent = '';
      input.focus();
    });
    note.append(button);
  });
}

for (const button of document.querySelectorAll('button[data-copy]')) {
  const field = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  });
}

// A signer's code is made here and shown on the next page; the server gets its hash alone (docs: the count log).
// One code for each link, as long as this tab is open; where nothing can be kept, the server makes the code.
const codes = {
  name: `countersign-code ${location.pathname.replace(/\/thank-you$/, '')}`,
  read: () => sessionStorage.getItem(codes.name),
  make() {
    const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const code = Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => alphabet[byte % 32]).join('');
    sessionStorage.setItem(codes.name, code);
    return code;
  },
};
async function addCodeHash(form) {
  const bytes = new TextEncoder().encode(`petition-log/v1/code\n${codes.read() ?? codes.make()}`);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = 'codeHash';
  field.value = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  form.append(field);
}
const confirming = document.querySelector('form[data-code]');
if (confirming) addCodeHash(confirming).catch(() => {});
const ownCode = document.querySelector('[data-own-code]');
if (ownCode && codes.read()) {
  ownCode.querySelector('.code').textContent = codes.read().match(/.{5}/g).join('-');
  ownCode.hidden = false;
}

// One press, one request; coming back with the browser's button enables it again.
// A form that is answered with a file stays on the screen and can be used once more; one that a script sends is its own affair.
for (const form of document.querySelectorAll('form[method="post"]:not([data-download])')) {
  form.addEventListener('submit', (event) => {
    setTimeout(() => {
      if (event.defaultPrevented) return;
      form.querySelectorAll('button:not([type="button"])').forEach((button) => (button.disabled = true));
    });
  });
}
addEventListener('pageshow', (event) => {
  if (event.persisted) document.querySelectorAll('button[disabled]').forEach((button) => (button.disabled = false));
});

// On a phone the navigation is a row that scrolls: the present page shall be in sight.
document.querySelector('.rail [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

// Errors are read out first.
document.getElementById('errors')?.focus();
