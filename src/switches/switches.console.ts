import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { switchNames } from './switch.entity.js';
import { SwitchNameParam, SwitchOrder } from './switches.schema.js';
import { Switches } from './switches.service.js';

type Form = Record<string, unknown>;

@ApiExcludeController()
@Controller(':locale/console/switches')
export class SwitchesConsole {
  constructor(
    private readonly switches: Switches,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest): Promise<string> {
    return this.render(locale, request);
  }

  @Needs('switches:turn')
  @Post()
  @HttpCode(200)
  @Page()
  async turn(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const name = SwitchNameParam.safeParse(form.name);
    const order = SwitchOrder.safeParse({
      petition: form.petition || null,
      off: form.off === 'yes',
      reason: form.reason,
    });
    const errors = [
      ...(name.error ? [{ field: 'name', code: 'required', message: 'required' }] : []),
      ...(order.error ? fieldErrors(order.error.issues) : []),
    ];
    if (!name.success || !order.success) {
      reply.status(422);
      return this.render(locale, request, form, errors);
    }
    await this.switches.turn(name.data, order.data, actor);
    reply.status(303).header('location', `/${locale}/console/switches`);
    return '';
  }

  private async render(locale: Locale, request: FastifyRequest, values: Form = {}, errors: FieldError[] = []) {
    const [off, petitions] = await Promise.all([this.switches.list(), this.switches.petitions()]);
    return this.pages.render('switches', locale, {
      ...this.console.context(request),
      ...{ nav: 'switches', path: '/console/switches', off, petitions, names: switchNames },
      form: { values, errors },
    });
  }
}
