// The page /verify: takes what a visitor asks to the worker that counts, and says what it found in the words of the page.
// Nothing that is typed here leaves this computer.

const page = document.getElementById('verify');
const { worker: address, log, count, slug } = page.dataset;
const id = (each) => document.getElementById(each);
const lang = document.documentElement.lang;
// The digits of the page, and its dates with the day first: see src/site/languages.ts.
const spoken = { ar: 'ar-u-nu-latn', en: 'en-GB' }[lang] ?? lang;
const numbers = new Intl.NumberFormat(spoken);
const number = (value) => numbers.format(value);
const sentences = new Map([...id('words').children].map((each) => [each.dataset.say, each.textContent]));

/** A sentence of the page. Values keep their own direction inside it. */
const say = (key, values = {}) =>
  (sentences.get(key) ?? sentences.get('unexpected')).replace(/\{(\w+)\}/g, (_, each) => {
    const value = values[each];
    return `\u2068${typeof value === 'number' ? number(value) : (value ?? '?')}\u2069`;
  });

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// --------------------------------------------------------------------------------------------------------- the worker

const worker = new Worker(address, { type: 'module' });
const waiting = new Map();
let last = 0;
let broken = null;

/** @returns what the worker answers @throws {code, values} of what is wrong */
const ask = (job, asked = {}, tell = () => {}) =>
  new Promise((done, fail) => {
    if (broken) return fail(broken);
    waiting.set(++last, { done, fail, tell });
    worker.postMessage({ id: last, job, ...asked });
  });
worker.addEventListener('message', ({ data }) => {
  if (data.ready) return void page.setAttribute('data-ready', '');
  const asked = waiting.get(data.id);
  if ('size' in data && 'done' in data) return asked.tell(data);
  waiting.delete(data.id);
  if (data.wrong) asked.fail(data.wrong);
  else asked.done(data.result);
});
worker.addEventListener('error', () => {
  broken = { code: 'unexpected' };
  for (const { fail } of waiting.values()) fail(broken);
  waiting.clear();
});

// ---------------------------------------------------------------------------------------------------------- recounting

/** The saved folder, once one was chosen; else the files on the server are read. */
let files = null;
let counting = null;

/** Recounts from where the visitor wants it; several buttons pressed at once wait for one recount. */
function recount() {
  counting ??= counted().finally(() => (counting = null));
  return counting;
}

async function counted() {
  const bar = id('progress');
  const result = id('result');
  busy(true);
  bar.removeAttribute('value');
  bar.hidden = false;
  result.replaceChildren(element('p', say('begin')));
  try {
    const found = await ask(
      'recount',
      { base: log, count, files, slug, known: id('key').value.trim() },
      ({ done, size }) => {
        bar.max = size;
        bar.value = done;
        result.replaceChildren(element('p', say('reading', { done, size })));
      },
    );
    result.replaceChildren(...inWords(found));
    page.dataset.counted = '';
  } catch (wrong) {
    delete page.dataset.counted;
    result.replaceChildren(refusal(wrong));
    throw wrong;
  } finally {
    bar.hidden = true;
    busy(false);
  }
}

const busy = (is) => page.querySelectorAll('button').forEach((button) => (button.disabled = is));

function refusal({ code, values = {} }) {
  const box = element('div', '', { class: 'error-summary' });
  const rule = values.rule && say(`rule-${values.rule}`);
  box.append(
    element('h3', say(trouble.has(code) ? 'no-answer' : 'refused')),
    element('p', say(code, { ...values, rule })),
  );
  return box;
}
/** Nothing is said about the log by these. */
const trouble = new Set(['key-mistyped', 'unreadable', 'no-log', 'nothing-yet', 'unexpected', 'count-file']);

/** What was found, what was checked for it, and what was not. */
function inWords(found) {
  const { count: standing, signed, withdrawn, size, milliseconds } = found;
  const box = element('div', '', { class: 'notice' });
  box.append(element('p', say(files ? 'valid-folder' : 'valid', { count: standing })));
  const facts = element('dl', '', { class: 'facts' });
  const fact = (key, ...lines) => {
    facts.append(element('dt', say(key)), ...lines);
  };
  const plain = (text) => element('dd', text);
  const exact = (text) => element('dd', text, { class: 'mono', dir: 'ltr' });
  fact('fact-count', plain(number(standing)));
  fact('fact-signed', plain(number(signed)));
  const reasons = withdrawn.map((n, i) => n && say(`fact-withdrawn-${i + 1}`, { n })).filter(Boolean);
  fact('fact-withdrawn', ...(reasons.length > 0 ? reasons : [number(0)]).map(plain));
  fact('fact-size', plain(number(size)));
  fact('fact-root', exact(found.root), exact(found.rootHex));
  fact('fact-key', exact(found.vkey));
  const at = new Intl.DateTimeFormat(spoken, { dateStyle: 'long', timeStyle: 'short' }).format(new Date());
  fact('fact-time', plain(say('fact-took', { at, seconds: Math.round(milliseconds / 100) / 10 })));
  const checked = ['checked-root', 'checked-rules'];
  const unchecked = ['unchecked-others', 'unchecked-persons'];
  (found.keyKnown ? checked : unchecked).unshift(found.keyKnown ? 'checked-key' : 'unchecked-key');
  (found.signature ? checked : unchecked).unshift(found.signature ? 'checked-signature' : 'unchecked-signature');
  if (found.shown === 'same') checked.push('checked-shown');
  else unchecked.unshift(found.shown === 'behind' ? 'unchecked-behind' : 'unchecked-shown');
  const values = { size, shown: found.shownCount, at: found.shownSize };
  const list = (keys) => {
    const made = element('ul');
    made.append(...keys.map((key) => element('li', say(key, values))));
    return made;
  };
  return [box, facts, element('h3', say('checked')), list(checked), element('h3', say('unchecked')), list(unchecked)];
}

id('recount').addEventListener('click', () => recount().catch(() => {}));

// -------------------------------------------------------------------------------------------------- questions about it

/** Recounts first if that was not done, asks, and shows the answer in its place. */
async function answer(place, question) {
  id(place).replaceChildren();
  try {
    if (!('counted' in page.dataset)) await recount();
  } catch {
    id(place).replaceChildren(element('p', say('first'), { class: 'error' }));
    return;
  }
  try {
    id(place).replaceChildren(...(await question()));
  } catch (wrong) {
    id(place).replaceChildren(element('p', say(wrong.code ?? 'unexpected', wrong.values), { class: 'error' }));
  }
}

const sentence = (good, key, values) =>
  element('p', say(key, values), { class: good ? 'notice' : 'notice notice-warn' });

async function find() {
  const { entries, size } = await ask('find', { code: id('code').value });
  if (entries.length === 0) return [sentence(false, 'not-found', { size })];
  return entries.flatMap(({ index, reason }) => {
    if (reason !== null) return [sentence(false, `withdrawn-${reason}`, { index, size })];
    const button = element('button', say('save-proof'), { type: 'button', class: 'button button-quiet' });
    button.addEventListener('click', () => saveProof(index));
    const row = element('p');
    row.append(button);
    return [sentence(true, 'found', { index, size }), row];
  });
}

async function saveProof(index) {
  const proof = await ask('proof', { index });
  const link = element('a', '', { download: `${slug}-${index}.tlog-proof` });
  link.href = URL.createObjectURL(new Blob([proof], { type: 'application/octet-stream' }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function compare() {
  const asked = { written: id('paper').value, size: id('paper-size').value };
  const { outcome, signed, ...values } = await ask('compare', asked);
  const said = [sentence(outcome === 'same', outcome, values)];
  if (signed !== 'no') said.push(element('p', say(signed === 'yes' ? 'paper-signed' : 'paper-unknown')));
  return said;
}

async function receipt() {
  const text = await id('receipt').files[0].text();
  const { outcome, by, signed, ...values } = await ask('receipt', { text });
  const good = ['receipt-proof', 'receipt-kept', 'receipt-open'].includes(outcome);
  const time = new Intl.DateTimeFormat(spoken, { dateStyle: 'long', timeStyle: 'short' });
  const said = [sentence(good, outcome, { ...values, at: by && time.format(new Date(by * 1000)) })];
  if (!signed) said.push(element('p', say('paper-unknown')));
  return said;
}
id('receipt').addEventListener('change', ({ target }) => {
  if (target.files.length > 0) void answer('received', receipt);
});

for (const [form, place, question] of [
  ['find', 'found', find],
  ['compare', 'compared', compare],
]) {
  id(form).addEventListener('submit', (event) => {
    event.preventDefault();
    void answer(place, question);
  });
}

// ------------------------------------------------------------------------------------------------------ a saved folder

/** What was said is about something else now. */
function forget() {
  delete page.dataset.counted;
  for (const place of ['result', 'found', 'received', 'compared']) id(place).replaceChildren();
}
id('key').addEventListener('input', forget);

function use(chosen) {
  files = chosen;
  forget();
  recount().catch(() => {});
}

id('folder').addEventListener('change', ({ target }) => {
  if (target.files.length > 0) use([...target.files].map((file) => [file.webkitRelativePath || file.name, file]));
});
id('server').addEventListener('click', () => {
  id('folder').value = '';
  use(null);
});

/** All files below an entry that was dropped, with their paths. */
async function filesBelow(entry) {
  if (entry.isFile) return [[entry.fullPath, await new Promise((done, fail) => entry.file(done, fail))]];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesBelow(each)));
  }
}
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', async (event) => {
  event.preventDefault();
  const dropped = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  if (dropped.length > 0) use((await Promise.all(dropped.map(filesBelow))).flat());
});

page.hidden = false;
