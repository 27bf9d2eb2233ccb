import { rm } from 'node:fs/promises';

export default async function tearDown(): Promise<void> {
  await rm(process.env.TEST_TEMPLATE!, { recursive: true, force: true });
}
