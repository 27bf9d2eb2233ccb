import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { loadSettings, type Role, type Settings, SettingsError } from './config/settings.js';
import { isUnseeded, seed } from './seed.js';
import { FastLane } from './site/fast-lane.js';
import { problems } from './site/problem.js';
import { Staff } from './staff/staff.service.js';

/** `countersign start`: migrates, seeds an empty database, makes the first admin, and does what the role says. */
export async function start({ role }: { role: Role }): Promise<void> {
  const settings = { ...loadSettings(), runners: role !== 'web' };
  if (role !== 'all' && !settings.DATABASE_URL)
    throw new SettingsError(
      `DATABASE_URL: is needed for --role ${role}; the embedded database belongs to one process.`,
    );
  const app = await createApplication(settings);
  if (role === 'worker') answerHealthOnly(app);
  try {
    await app.init();
    const admin = await app.get(Staff).ensureFirstAdmin();
    if (await isUnseeded(app)) await seed(app);
    await app.listen(settings.PORT, settings.HOST);
    if (role === 'worker') console.log(`Works for ${settings.PUBLIC_URL}; answers /health on port ${settings.PORT}`);
    else greet(settings, admin);
  } catch (error) {
    // Or what already runs in the background would keep a server alive that never listens.
    await app.close();
    throw error;
  }
}

/** Who runs a worker asks whether it lives; visitors are sent elsewhere. */
function answerHealthOnly(app: NestFastifyApplication): void {
  app.get(FastLane).close();
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      done(request.url.startsWith('/health/') ? undefined : problems.notFound('This process does not serve pages.'));
    });
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
