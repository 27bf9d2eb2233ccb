import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem } from '../site/problem.js';
import { Actor, Needs, roles } from './access.js';
import { ConsoleContext } from './console-context.js';
import { Reauthenticated } from './reauthenticated.js';
import { SecondFactors } from './second-factors.service.js';
import { NewStaffMember, RoleChange } from './staff.schema.js';
import { StaffRules } from './staff-rules.service.js';
import { Staff } from './staff.service.js';

type Fields = Record<string, unknown>;

@ApiExcludeController()
@Needs('staff:manage')
@Controller(':locale/console/staff')
export class StaffConsole {
  constructor(
    private readonly staff: Staff,
    private readonly factors: SecondFactors,
    private readonly rules: StaffRules,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Page()
  list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.render(locale, request);
  }

  @Reauthenticated()
  @Post()
  @Page()
  async add(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Fields,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewStaffMember.safeParse(form);
    const refuse = (errors: FieldError[]) => {
      reply.status(422);
      return this.render(locale, request, { form: { values: form, errors } });
    };
    if (!parsed.success) return refuse(fieldErrors(parsed.error.issues));
    try {
      const { member, password } = await this.staff.add(parsed.data, actor);
      return await this.render(locale, request, { made: { name: member.name, email: member.email, password } });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
      return refuse([{ field: 'email', code: 'address-taken', message: 'taken' }]);
    }
  }

  @Reauthenticated()
  @Post(':id/role')
  @Page()
  async changeRole(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: RoleChange }) { role }: RoleChange,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.unlessLastAdmin(this.staff.changeRole(id, role, actor), locale, request, reply);
  }

  @Post(':id/disabling')
  @Page()
  async disable(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.unlessLastAdmin(this.staff.disable(id, actor), locale, request, reply);
  }

  @Reauthenticated()
  @Post(':id/enabling')
  async enable(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.staff.enable(id, actor);
    reply.status(303).header('location', `/${locale}/console/staff`);
  }

  @Reauthenticated()
  @Post(':id/password')
  @Page()
  async resetPassword(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    const { name, email } = await this.staff.one(id);
    const password = await this.staff.resetPassword(id, actor);
    return this.render(locale, request, { made: { name, email, password } });
  }

  @Reauthenticated()
  @Post(':id/second-factor')
  async resetFactor(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.factors.reset(id, actor);
    reply.status(303).header('location', `/${locale}/console/staff`);
  }

  @Reauthenticated()
  @Post('rules')
  async changeRules(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Fields,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.rules.demandFactor(form.secondFactor === 'on', actor);
    reply.status(303).header('location', `/${locale}/console/staff`);
  }

  private async unlessLastAdmin(change: Promise<void>, locale: Locale, request: FastifyRequest, reply: FastifyReply) {
    try {
      await change;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'wrong-state') throw error;
      reply.status(409);
      return this.render(locale, request, { lastAdmin: true });
    }
    reply.status(303).header('location', `/${locale}/console/staff`);
    return '';
  }

  private async render(locale: Locale, request: FastifyRequest, more: Record<string, unknown> = {}) {
    const [members, safe, demanded] = await Promise.all([
      this.staff.list(),
      this.staff.withFactor(),
      this.rules.demandsFactor(),
    ]);
    const staff = members.map(({ id, name, email, role, disabledAt }) => ({
      ...{ id, name, email, role, secondFactor: safe.has(id) },
      disabled: disabledAt !== null,
    }));
    return this.pages.render('staff-list', locale, {
      ...this.console.context(request),
      ...{
        nav: 'staff',
        path: '/console/staff',
        staff,
        demanded,
        roles: Object.keys(roles),
        form: { values: {}, errors: [] },
      },
      ...more,
    });
  }
}
