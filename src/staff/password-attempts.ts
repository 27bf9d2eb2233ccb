import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Limits, networkOf } from '../site/limits.service.js';

/** Counts every password that is tried, before it is looked at, so that guessing is slow wherever a password is asked. */
@Injectable()
export class PasswordAttempts {
  constructor(private readonly limits: Limits) {}

  /**
   * A try at the sign-in page. Somebody else's guesses from one network use up only what that network may try: to keep a
   * person out of her account takes many networks.
   * @throws Problem too-many for a network that tries many accounts
   */
  signIn(email: string, request: FastifyRequest): boolean {
    this.network(request);
    const account = email.trim().toLowerCase();
    return (
      this.limits.allows('sign-in-account', `${account}\n${networkOf(request.ip)}`) &&
      this.limits.allows('sign-in-account-anywhere', account)
    );
  }

  /** A try at the sign-in page that names nobody. @throws Problem too-many */
  network(request: FastifyRequest): void {
    this.limits.check('sign-in', request);
  }

  /** A try by whoever holds the session of this person. */
  inSession(staffId: string): boolean {
    return this.limits.allows('password-again', staffId);
  }
}
