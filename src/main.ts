import { createApplication } from './application.js';
import { loadSettings } from './config/settings.js';

/** `countersign start`: everything in one process. */
export async function start(): Promise<void> {
  const settings = loadSettings();
  const app = await createApplication(settings);
  await app.listen(settings.PORT, settings.HOST);
  console.log(`${settings.SITE_NAME} is at ${settings.PUBLIC_URL}`);
}
