import { Controller, Get, Header, Headers, Inject, Param } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { preferredLocale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { Inbox, type InboxMail } from './inbox.js';

const InboxEntry = z.object({ to: z.string(), subject: z.string(), text: z.string(), links: z.array(z.string()) });
type InboxEntry = z.infer<typeof InboxEntry>;

const mostOnPage = 200;
const mostInFile = 10_000;

/** The built-in inbox, for everybody who reaches the server: it exists only while no mail leaves. */
@Public()
@Controller('dev')
export class InboxPages {
  constructor(
    private readonly inbox: Inbox,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get('inbox')
  @Page()
  @ApiExcludeEndpoint()
  async list(@Headers('accept-language') languages?: string): Promise<string> {
    const mails = await this.mails(mostOnPage);
    return this.pages.render('inbox', preferredLocale(languages), { mails });
  }

  @Get('inbox.json')
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: z.array(InboxEntry), description: 'Newest first. 404 unless MAIL_MODE is inbox' })
  async json(): Promise<InboxEntry[]> {
    return (await this.mails(mostInFile)).map(({ to, subject, text, links }) => ({ to, subject, text, links }));
  }

  @Get('inbox/:id')
  @Page()
  @ApiExcludeEndpoint()
  async one(@Param('id') id: string, @Headers('accept-language') languages?: string): Promise<string> {
    const mail = this.settings.MAIL_MODE === 'inbox' ? await this.inbox.find(id) : null;
    if (!mail) throw problems.notFound();
    const parts = partsOf(mail, new URL(this.settings.PUBLIC_URL).origin);
    return this.pages.render('inbox-mail', preferredLocale(languages), { mail: { ...mail, parts } });
  }

  private mails(most: number): Promise<InboxMail[]> {
    if (this.settings.MAIL_MODE !== 'inbox') throw problems.notFound();
    return this.inbox.list(most);
  }
}

/** The text cut at its links. Those to this site become paths, so that they also work at 127.0.0.1; others stay text. */
function partsOf({ text, links }: InboxMail, origin: string): { text: string; href?: string }[] {
  const parts: { text: string; href?: string }[] = [];
  let rest = text;
  for (const link of links) {
    const at = rest.indexOf(link);
    const url = URL.canParse(link) ? new URL(link) : null;
    parts.push({ text: rest.slice(0, at) });
    parts.push(url?.origin === origin ? { text: link, href: url.pathname + url.search } : { text: link });
    rest = rest.slice(at + link.length);
  }
  return [...parts, { text: rest }];
}
