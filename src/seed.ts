import type { INestApplicationContext } from '@nestjs/common';
import { DemoParliament } from './lawmakers/demo-parliament.service.js';
import { BundledLetters } from './letters/bundled-letters.service.js';
import { bundledPetitions } from './petitions/bundled.js';
import { Petitions } from './petitions/petitions.service.js';

/** Puts the bundled campaigns in, open and at count 0. What is there already stays as it is. */
export async function seed(app: INestApplicationContext): Promise<void> {
  for (const petition of bundledPetitions()) await app.get(Petitions).create(petition, 'open', 'system');
  await app.get(DemoParliament).seed();
  await app.get(BundledLetters).seedLetterCampaign();
}
