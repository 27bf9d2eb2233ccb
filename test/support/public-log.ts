import { join } from 'node:path';
import { Counts } from '../../src/countlog/counts.service.js';
import { Sequencer } from '../../src/countlog/sequencer.js';
import { folderReader, verify } from '../../verifier/countersign-verify.mjs';
import type { TestApp } from './app.js';

/** Logs what is due, and recounts the published files with the verifier; the tallies must say the same. */
export async function recount(app: TestApp, petitionId: string, slug = 'wetlands', options: { code?: string } = {}) {
  await app.get(Sequencer).drain();
  const found = await verify(folderReader(join(app.settings.DATA_DIR, 'log', slug)), options);
  const days = await app.get(Counts).byDay(petitionId);
  expect(days.reduce((sum, { signed, withdrawn }) => sum + signed - withdrawn, 0)).toBe(found.count);
  return found;
}
