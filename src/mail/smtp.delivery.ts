import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Delivery, Handover, Outcome } from './delivery.js';
import type { Relay } from './relay.js';
import { meaningOf, type Stage } from './replies.js';
import { type Line, SmtpConnections } from './smtp-connections.js';

const stages: Record<string, Stage> = { 'MAIL FROM': 'mail', 'RCPT TO': 'rcpt', DATA: 'data' };

type SmtpError = SMTPConnection.SMTPError;

/** 530, 535, 538: it is us the server does not let in, whoever the mail is for. */
const notLetIn = new Set([530, 535, 538]);

/** Hands mails to the relay by SMTP, and tells the true outcome of each. */
export class SmtpDelivery implements Delivery {
  readonly lines: number;
  private readonly connections: SmtpConnections;

  constructor(relay: Relay, name?: string) {
    this.lines = relay.connections;
    this.connections = new SmtpConnections(relay, name);
  }

  async deliver(mail: Handover, handOver: () => Promise<void>): Promise<Outcome> {
    for (let fresh = false; ; fresh = true) {
      let line: Line;
      try {
        line = await this.connections.take({ fresh });
      } catch (error) {
        return unsent(error as SmtpError);
      }
      const outcome = await this.hand(line, mail, handOver);
      // A line kept open may have been closed by the server meanwhile; nothing was sent, so a new line may be tried.
      if (outcome) return outcome;
    }
  }

  abort(): void {
    this.connections.cutAll();
  }

  async close(): Promise<void> {
    this.connections.close();
  }

  /** One SMTP transaction. Null: a used line was dead before anything happened. */
  private async hand(line: Line, mail: Handover, handOver: () => Promise<void>): Promise<Outcome | null> {
    let over = false;
    let marking: Promise<void> | undefined;
    let refuse: (error: unknown) => void;
    const refusedToMark = new Promise<never>((_, reject) => (refuse = reject));
    // Asked for after the server's 354: what is committed here is true before the first byte leaves.
    const body = new Body((stream) => {
      const mark = async () => {
        await handOver();
        if (body.destroyed) return;
        over = true;
        // The bytes and the dot after them leave in one write.
        const socket = line.connection._socket || null;
        socket?.cork();
        stream.end(mail.bytes);
        setImmediate(() => socket?.uncork());
      };
      marking = mark().catch(refuse);
    });
    try {
      const { error, info } = await Promise.race([send(line.connection, mail, body), refusedToMark]);
      body.destroy();
      await marking;
      const outcome = over ? afterHandover(error, info) : beforeHandover(error, line.used);
      await this.giveBack(line, outcome);
      return outcome;
    } catch (error) {
      this.connections.drop(line);
      throw error;
    }
  }

  /** The line serves again when the server answered in full; after a refusal the transaction is reset first. */
  private async giveBack(line: Line, outcome: Outcome | null): Promise<void> {
    if (!outcome || outcome.result === 'unsent' || outcome.result === 'in_doubt') return this.connections.drop(line);
    if (outcome.result === 'accepted') return this.connections.give(line);
    let closed = () => {};
    const answered = await new Promise<boolean>((resolve) => {
      closed = () => resolve(false);
      line.connection.once('end', closed);
      line.connection.reset((error) => resolve(!error));
    });
    line.connection.off('end', closed);
    if (answered) this.connections.give(line);
    else this.connections.drop(line);
  }
}

/** What stands for the mail until the server has said 354: then, and only then, `pipe` is called. */
class Body extends EventEmitter {
  destroyed = false;

  constructor(readonly pipe: (to: Writable) => void) {
    super();
  }

  destroy(): void {
    this.destroyed = true;
  }
}

type Sent = { error: SmtpError | null; info?: SMTPConnection.SentMessageInfo };

function send(connection: SMTPConnection, mail: Handover, body: Body): Promise<Sent> {
  // RFC 3461, where the server offers it. No report of success: that would be a mail for every letter.
  const ascii = /^[\x21-\x7e]+$/.test(mail.to);
  const dsn = {
    envid: mail.attemptId,
    ret: 'HDRS' as const,
    ...(mail.reports && { notify: ['FAILURE' as const, 'DELAY' as const] }),
    ...(mail.reports && ascii && { orcpt: `rfc822;${mail.to}` }),
  };
  const envelope = { from: mail.from, to: [mail.to], size: mail.bytes.length, dsn };
  return new Promise((resolve) =>
    connection.send(envelope, body as unknown as Readable, (error, info) => resolve({ error, info })),
  );
}

/** Only a complete reply to the data is an answer. Anything else is silence, whatever the library calls it. */
function afterHandover(error: SmtpError | null, info?: SMTPConnection.SentMessageInfo): Outcome {
  if (!error) return { result: 'accepted', code: codeOf(info!.response), reply: info!.response };
  if (error.code === 'EMESSAGE' && error.responseCode) return answer(error, 'end');
  return { result: 'in_doubt', reply: `no answer after the hand-over (${error.code ?? 'connection lost'})` };
}

function beforeHandover(error: SmtpError | null, used: boolean): Outcome | null {
  if (!error) return { result: 'unsent', reply: 'the server answered before it was given the mail' };
  const code = error.responseCode;
  if (used && (!code || code === 421) && error.code !== 'EMESSAGE' && error.command !== 'API') return null;
  if (error.code === 'EENVELOPE' || error.code === 'EMESSAGE') {
    if (!code) return { result: 'refused', reply: error.message };
    return notLetIn.has(code) ? unsent(error) : answer(error, stages[error.command ?? ''] ?? 'data');
  }
  return unsent(error);
}

/** Nobody is refused for what is wrong with us: such a mail is put off, as is one that is only too early. */
function answer(error: SmtpError, stage: Stage): Outcome {
  const [code, reply] = [error.responseCode!, error.response ?? ''];
  const means = meaningOf({ code, text: reply, stage });
  if (means === 'mail' || means === 'later') {
    return { result: code < 500 || means === 'later' ? 'deferred' : 'refused', code, reply };
  }
  return { result: 'deferred', code, reply, trouble: means };
}

function unsent(error: SmtpError): Outcome {
  return { result: 'unsent', code: error.responseCode || undefined, reply: error.response || error.message };
}

const codeOf = (reply: string) => Number(/^\d{3}/.exec(reply)?.[0] ?? 250);
