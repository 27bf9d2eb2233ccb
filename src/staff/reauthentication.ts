import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Pages } from '../site/pages.service.js';
import type { StaffRequest } from './staff-request.js';
import { localeOf } from './locale-of.js';
import { PasswordAttempts } from './password-attempts.js';
import { csrfToken } from './secrets.js';
import { type LiveSession, Sessions } from './sessions.service.js';
import { Staff } from './staff.service.js';

type Fields = Record<string, unknown>;

/** Asks for the password once more before a step that must not happen on a screen left open. */
@Injectable()
export class Reauthentication {
  constructor(
    private readonly sessions: Sessions,
    private readonly staff: Staff,
    private readonly attempts: PasswordAttempts,
    private readonly pages: Pages,
  ) {}

  /** Takes the password out of the form. @returns true if it was there and right: the step may go on */
  async passed(request: StaffRequest, session: LiveSession): Promise<boolean> {
    const body = (request.body ?? {}) as Fields;
    if (typeof body._password !== 'string' || !this.attempts.inSession(session.staffId)) return false;
    if (!(await this.staff.passwordIs(session.staffId, body._password))) return false;
    await this.sessions.reauthenticate(session.id);
    delete body._password;
    return true;
  }

  /** Answers with a page that asks for the password and sends the same form again. */
  async ask(request: StaffRequest, reply: FastifyReply, session: LiveSession): Promise<void> {
    const body = (request.body ?? {}) as Fields;
    const fields = Object.entries(body)
      .filter(([name]) => !name.startsWith('_'))
      .flatMap(([name, value]) => [value].flat().map((each) => ({ name, value: String(each) })));
    const page = await this.pages.render('staff-reauthenticate', localeOf(request), {
      ...{ actor: request.actor, csrf: csrfToken(session.secret), path: '/console' },
      ...{ action: request.url, fields, wrong: '_password' in body },
    });
    reply.status(403).type('text/html; charset=utf-8').send(page);
  }
}
