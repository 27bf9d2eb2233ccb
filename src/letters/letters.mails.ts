import { Injectable } from '@nestjs/common';
import { MailKinds } from '../mail/mail-kinds.js';

/** Both kinds travel as frozen bytes, and after a doubt both wait for a person: a lawmaker never gets the same letter twice. */
@Injectable()
export class LettersMails {
  constructor(kinds: MailKinds) {
    kinds.register({ name: 'letter', inDoubt: 'hold' });
    kinds.register({ name: 'letter-test', inDoubt: 'hold' });
  }
}
