// The library's own search for a solution, away from the page.
import { deriveKey } from '/assets/altcha/algorithms/web/pbkdf2.js';
import { solveChallenge } from '/assets/altcha/pow.js';

addEventListener('message', ({ data: challenge }) => {
  solveChallenge({ challenge, deriveKey, timeout: 90_000 }).then(postMessage, () => postMessage(null));
});
