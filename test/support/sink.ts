import { type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

export interface SunkMail {
  from: string;
  to: string;
  raw: Buffer;
  /** One per TCP connection. */
  connection: string;
  secure: boolean;
  user: string | null;
  /** What the sink answered after the final dot; null while it has not, or when it dropped the line instead. */
  answer: number | null;
}

/** What goes wrong with a mail, and when: `end` is after the final dot. */
export type Mishap =
  | { at: 'mail' | 'rcpt' | 'end'; code: number; text?: string; wait?: number }
  | { at: 'rcpt'; wait: number }
  | { at: 'rcpt' | 'data'; drop: true }
  | { at: 'end'; drop: true; wait?: number }
  | { at: 'end'; delay: number }
  | { at: 'end'; silent: true };

export interface Sink {
  port: number;
  url: string;
  /** Every mail that came in whole, in order, whatever was answered. */
  mails: SunkMail[];
  /** Connections that were opened. */
  connections: () => number;
  /** Asked at each step of each mail (`to` is empty at `mail`); may be replaced at any time. */
  mishap: (step: { to: string; from: string }) => Mishap | undefined;
  /** Asked for each new connection. */
  connecting: () => 'drop' | 'drop at ehlo' | { code: number; text: string } | undefined;
  /** Closes the connections that are open, as a server does with idle ones. */
  cut: () => Promise<void>;
  close: () => Promise<void>;
}

interface Wire {
  id: string;
  _socket: import('node:net').Socket;
}

/** A mail server on 127.0.0.1 that keeps what it gets and can be told how to misbehave. */
export async function startSink(options: { auth?: { user: string; pass: string }; more?: SMTPServerOptions } = {}) {
  let opened = 0;
  const socketOf = (session: SMTPServerSession) =>
    [...(server.connections as unknown as Set<Wire>)].find((each) => each.id === session.id)!._socket;
  const refusal = (mishap: { code: number; text?: string }) =>
    Object.assign(new Error(mishap.text ?? 'as told by the test'), { responseCode: mishap.code });
  const addressOf = (address: false | { address: string } | undefined) => (address ? address.address : '');

  const server: SMTPServer = new SMTPServer({
    authOptional: !options.auth,
    disabledCommands: options.auth ? ['STARTTLS'] : ['AUTH', 'STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onConnect(session, callback) {
      opened += 1;
      const wish = sink.connecting();
      if (wish === 'drop') {
        socketOf(session).destroy();
        return;
      }
      if (wish === 'drop at ehlo') socketOf(session).prependOnceListener('data', () => socketOf(session).destroy());
      callback(typeof wish === 'object' ? refusal(wish) : undefined);
    },
    onAuth(auth, _session, callback) {
      const right = auth.username === options.auth?.user && auth.password === options.auth?.pass;
      if (right) callback(null, { user: auth.username });
      else callback(refusal({ code: 535, text: 'wrong name or password' }));
    },
    onMailFrom(address, _session, callback) {
      const mishap = sink.mishap({ from: address.address, to: '' });
      callback(mishap?.at === 'mail' ? refusal(mishap) : undefined);
    },
    onRcptTo(address, session, callback) {
      const mishap = sink.mishap({ from: addressOf(session.envelope.mailFrom), to: address.address });
      if (mishap?.at !== 'rcpt') return callback();
      if ('drop' in mishap) return void socketOf(session).destroy();
      setTimeout(() => callback('code' in mishap ? refusal(mishap) : undefined), mishap.wait ?? 0).unref();
    },
    onData(stream: Readable, session, callback) {
      const from = addressOf(session.envelope.mailFrom);
      const to = addressOf(session.envelope.rcptTo[0]);
      const mishap = sink.mishap({ from, to });
      if (mishap?.at === 'data') {
        stream.once('data', () => socketOf(session).destroy());
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const user = typeof session.user === 'string' ? session.user : null;
        const mail: SunkMail = {
          from,
          to,
          raw: Buffer.concat(chunks),
          connection: session.id,
          secure: session.secure,
          user,
          answer: null,
        };
        sink.mails.push(mail);
        const accept = () => {
          mail.answer = 250;
          callback(null, `queued as ${sink.mails.length}`);
        };
        if (mishap?.at !== 'end') return accept();
        if ('drop' in mishap) {
          return setTimeout(() => socketOf(session).destroy(), 'wait' in mishap ? mishap.wait : 0).unref();
        }
        if ('silent' in mishap) return;
        if ('delay' in mishap) return setTimeout(accept, mishap.delay).unref();
        mail.answer = mishap.code;
        setTimeout(() => callback(refusal(mishap)), mishap.wait ?? 0).unref();
      });
    },
    ...options.more,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const user = options.auth ? `${options.auth.user}:${options.auth.pass}@` : '';
  const sink: Sink = {
    port,
    url: `${options.more?.secure ? 'smtps' : 'smtp'}://${user}127.0.0.1:${port}`,
    mails: [],
    connections: () => opened,
    mishap: () => undefined,
    connecting: () => undefined,
    cut: async () => {
      for (const each of server.connections as unknown as Set<Wire>) each._socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return sink;
}
