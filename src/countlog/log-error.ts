/** Something of a count log that is not what it must be: malformed, forged, or against the rules. Says so in a sentence. */
export class LogError extends Error {
  override name = 'LogError';
}
