import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { oneAtATime } from './database/one-at-a-time.js';
import { DemoParliament } from './lawmakers/demo-parliament.service.js';
import { BundledLetters } from './letters/bundled-letters.service.js';
import { bundledPetitions } from './petitions/bundled.js';
import { Petitions } from './petitions/petitions.service.js';

/** True until the last part of the seed is in: a first start that was killed half-way is made good by the second. */
export async function isUnseeded(app: INestApplicationContext): Promise<boolean> {
  const [{ empty }] = await app.get(DataSource).query(`SELECT NOT EXISTS (SELECT 1 FROM letter_campaigns) AS empty`);
  return empty as boolean;
}

/** Puts the bundled campaigns in, open and at count 0. What is there already stays as it is. @returns slugs of their petitions */
export async function seed(app: INestApplicationContext): Promise<string[]> {
  const petitions = bundledPetitions();
  await oneAtATime(app.get(DataSource), 'countersign seed', async () => {
    for (const petition of petitions) await app.get(Petitions).create(petition, 'open', 'system');
    await app.get(DemoParliament).seed();
    await app.get(BundledLetters).seedLetterCampaign();
  });
  return petitions.map(({ slug }) => slug);
}
