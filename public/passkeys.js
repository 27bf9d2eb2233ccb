// Passkeys (WebAuthn): asks the device, fills the hidden field and sends the form. Where scripts or passkeys are missing,
// the form stays hidden and the other ways in are there.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const withBytes = (credentials = []) => credentials.map((each) => ({ ...each, id: toBytes(each.id) }));

async function ask(options) {
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) {
    publicKey.user = { ...options.user, id: toBytes(options.user.id) };
    publicKey.excludeCredentials = withBytes(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = withBytes(options.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function answerOf({ id, rawId, type, authenticatorAttachment, response }) {
  const said = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle'])
    if (response[name]) said[name] = toText(response[name]);
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({
    id,
    rawId: toText(rawId),
    type,
    authenticatorAttachment,
    clientExtensionResults: {},
    response: said,
  });
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  const refused = form.querySelector('[data-refused]');
  const button = form.querySelector('button');
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    refused.hidden = true;
    button.disabled = true;
    try {
      const credential = await ask(JSON.parse(form.dataset.passkey));
      form.querySelector('input[data-answer]').value = answerOf(credential);
      form.submit();
    } catch {
      refused.hidden = false;
      button.disabled = false;
    }
  });
}
