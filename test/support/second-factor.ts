import { Secret, TOTP } from 'otpauth';
import type { SignedIn } from './cast.js';

const unescape = (html: string) => html.replaceAll('&#34;', '"').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** The value of a field, or of a data attribute, of a page. */
export const fieldOf = (html: string, name: string): string =>
  unescape(new RegExp(`(?:name="${name}" value|data-${name})="([^"]*)"`).exec(html)?.[1] ?? '');

/** An authenticator app as a phone has it. Each call shows a code that was not shown before, within the time that is taken. */
export class App {
  private shown = 0;
  constructor(readonly base32: string) {}

  /** @param steps away from the present one */
  code(steps = 0): string {
    return new TOTP({ secret: Secret.fromBase32(this.base32) }).generate({ timestamp: Date.now() + steps * 30_000 });
  }

  /** The code of the present step, then of the next. */
  next(): string {
    return this.code(this.shown++);
  }
}

const url = '/en/console/account/second-factor';

/** Sets up an authenticator app through the pages. @returns it, and the recovery codes */
export async function enrol(person: Pick<SignedIn, 'get' | 'post'>): Promise<{ app: App; codes: string[] }> {
  await person.post(`${url}/authenticator`);
  const page = (await person.get(url)).body;
  const app = new App(/<bdi class="mono" dir="ltr">([A-Z2-7 ]+)<\/bdi>/.exec(page)![1]!.replaceAll(' ', ''));
  const confirmed = await person.post(`${url}/authenticator/confirmation`, { code: app.code(-1) });
  if (confirmed.statusCode !== 200) throw new Error(`the code was answered ${confirmed.statusCode}`);
  const codes = [...confirmed.body.matchAll(/<li class="mono">([a-z2-9-]{19})<\/li>/g)].map(([, code]) => code!);
  return { app, codes };
}
