import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Pages } from '../site/pages.service.js';
import type { StaffRequest } from './staff-request.js';
import { localeOf } from './locale-of.js';
import { PasswordAttempts } from './password-attempts.js';
import { Passkeys } from './passkeys.service.js';
import { Provider } from './provider.service.js';
import { SecondFactors } from './second-factors.service.js';
import { csrfToken } from './secrets.js';
import { type LiveSession, Sessions } from './sessions.service.js';
import { Staff } from './staff.service.js';

type Fields = Record<string, unknown>;

/**
 * Asks once more who it is before a step that must not happen on a screen left open: for the second factor where there is
 * one, otherwise for the password.
 */
@Injectable()
export class Reauthentication {
  constructor(
    private readonly sessions: Sessions,
    private readonly staff: Staff,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly provider: Provider,
    private readonly attempts: PasswordAttempts,
    private readonly pages: Pages,
    private readonly database: DataSource,
  ) {}

  /** Takes the proof out of the form. @returns true if it was there and right: the step may go on */
  async passed(request: StaffRequest, session: LiveSession): Promise<boolean> {
    const body = (request.body ?? {}) as Fields;
    const given = proofs.find((name) => typeof body[name] === 'string' && body[name] !== '');
    if (!given || !this.attempts.inSession(session.staffId)) return false;
    if (!(await this.isHer(session, given, body[given] as string))) return false;
    await this.sessions.reauthenticate(session.id);
    for (const name of proofs) delete body[name];
    return true;
  }

  /** Answers with a page that asks for a proof and sends the same form again. */
  async ask(request: StaffRequest, reply: FastifyReply, session: LiveSession): Promise<void> {
    const body = (request.body ?? {}) as Fields;
    const fields = Object.entries(body)
      .filter(([name]) => !name.startsWith('_'))
      .flatMap(([name, value]) => [value].flat().map((each) => ({ name, value: String(each) })));
    const page = await this.pages.render('staff-reauthenticate', localeOf(request), {
      ...{ actor: request.actor, csrf: csrfToken(session.secret), path: '/console' },
      ...{ action: request.url, fields, wrong: proofs.some((name) => name in body) },
      ...{
        provider: this.provider.name,
        hasFactor: session.hasFactor,
        factors: await this.factors.of(session.staffId),
      },
      passkey: await this.passkeys.toProve(purposeOf(session), session.staffId),
    });
    reply.status(403).type('text/html; charset=utf-8').send(page);
  }

  private async isHer(session: LiveSession, given: Proof, value: string): Promise<boolean> {
    // A password alone opens nothing where a second factor was asked for at the door.
    if (given === '_password') return !session.hasFactor && this.staff.passwordIs(session.staffId, value);
    if (given === '_code') return this.factors.takeOnce(session.staffId, value);
    const proof = await this.passkeys.prove(purposeOf(session), value);
    if (proof?.staffId !== session.staffId) return false;
    return this.database.transaction((tx) => this.passkeys.spend(tx, proof));
  }
}

const proofs = ['_passkey', '_code', '_password'] as const;
type Proof = (typeof proofs)[number];

const purposeOf = ({ id }: LiveSession) => `again ${id}`;
