import type { INestApplicationContext } from '@nestjs/common';
import { createApplication } from './application.js';
import { loadSettings } from './config/settings.js';

/** Gives a command the whole application, without a server and without background work. */
export async function withApp(work: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  const app = await createApplication({ ...loadSettings(), runners: false, LOG_LEVEL: 'error' });
  try {
    await app.init();
    await work(app);
  } finally {
    await app.close();
  }
}
