import { Controller, Get, Header, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { LawmakersService } from './lawmakers.service.js';
import { nobody, ObjectionLinks } from './objection-links.service.js';
import { ObjectionsService } from './objections.service.js';

/** Where a lawmaker's office stops further letters. GET never acts: mail scanners open every link. */
@ApiExcludeController()
@Public()
@Controller(':locale/o/:code')
export class ObjectionsPages {
  constructor(
    private readonly links: ObjectionLinks,
    private readonly objections: ObjectionsService,
    private readonly lawmakers: LawmakersService,
    private readonly limits: Limits,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Page()
  @Header('cache-control', 'no-store')
  async ask(@Param('locale', LocalePipe) locale: Locale, @Param('code') code: string, @Req() request: FastifyRequest) {
    const id = await this.find(code, request);
    const test = id === nobody;
    return this.pages.render('objection', locale, {
      path: `/o/${code}`,
      code,
      test,
      lawmaker: test ? null : (await this.lawmakers.find(id)).name,
      since: test ? null : ((await this.objections.standingSince(id))?.toISOString() ?? null),
    });
  }

  @Post()
  @Header('cache-control', 'no-store')
  async object(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('code') code: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const id = await this.find(code, request);
    if (id !== nobody) await this.objections.recordByOffice(id);
    seeOther(reply, `/${locale}/o/${encodeURIComponent(code)}`);
  }

  private async find(code: string, request: FastifyRequest): Promise<string> {
    this.limits.check('objection', request);
    const id = await this.links.lawmakerOf(code);
    if (!id) throw problems.refusal('office-link-incomplete');
    return id;
  }
}
