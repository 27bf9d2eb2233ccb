import { createApplication } from './application.js';
import { loadSettings, type Settings } from './config/settings.js';
import { isUnseeded, seed } from './seed.js';
import { Staff } from './staff/staff.service.js';

/** `countersign start`: migrates, seeds an empty database, makes the first admin, and does everything in one process. */
export async function start(): Promise<void> {
  const settings = loadSettings();
  const app = await createApplication(settings);
  try {
    await app.init();
    const admin = await app.get(Staff).ensureFirstAdmin();
    if (await isUnseeded(app)) await seed(app);
    await app.listen(settings.PORT, settings.HOST);
    greet(settings, admin);
  } catch (error) {
    // Or what already runs in the background would keep a server alive that never listens.
    await app.close();
    throw error;
  }
}

function greet(settings: Settings, admin: { email: string; password: string } | null): void {
  const lines = [`${settings.SITE_NAME} is at ${settings.PUBLIC_URL}`];
  lines.push(`Console: ${settings.PUBLIC_URL}/en/console${admin ? '' : ' (sign in with your account)'}`);
  if (admin) {
    const password = settings.ADMIN_PASSWORD ? 'the one in ADMIN_PASSWORD' : `${admin.password} (shown this once)`;
    lines.push(`First sign-in: ${admin.email}, password: ${password}`);
  }
  const { hostname } = new URL(settings.PUBLIC_URL);
  if (settings.MAIL_MODE === 'inbox' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
    lines.push('WARNING: MAIL_MODE is inbox: whoever can open this address can read every mail, links included.');
  }
  if (settings.MAIL_MODE === 'inbox') lines.push(`Mail stays here: ${settings.PUBLIC_URL}/dev/inbox`);
  lines.push(`Data and keys: ${settings.DATA_DIR} (back it up: without keys/ nobody can read the signatures)`);
  console.log(lines.join('\n'));
}
