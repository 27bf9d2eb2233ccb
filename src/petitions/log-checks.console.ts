import { Controller, Param, Post, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Locale } from '../site/languages.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { LogChecks } from './log-checks.service.js';

@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/log-checks')
export class LogChecksConsole {
  constructor(private readonly checks: LogChecks) {}

  @Needs('petitions:moderate')
  @Post()
  @Redirect()
  async start(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    return { url: `/${locale}/console/progress/${await this.checks.start(slug, actor)}`, statusCode: 303 };
  }
}
