import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { SETTINGS, type Settings } from '../config/settings.js';
import { mostBytes, Returns } from './returns.service.js';

const mostConnections = 20;
const idleSeconds = 30;
/** However busily somebody drips bytes. */
const mostSeconds = 120;
/** Certificates are renewed while the server runs. */
const lookAgainMinutes = 60;

/**
 * A mail server for return addresses alone: no other recipient, no relay, no password, one recipient per mail. It says
 * 250 once what it took is committed, and 451 when that failed, so that the sender keeps it and comes again.
 */
@Injectable()
export class SmtpReceiver implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Returns');
  private server?: SMTPServer;
  private renewal?: NodeJS.Timeout;

  constructor(
    private readonly returns: Returns,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.runners && this.settings.RETURN_SMTP_PORT !== undefined) await this.listen();
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    clearInterval(this.renewal);
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.server = undefined;
  }

  /** @returns the port @throws when it is taken, or the certificate cannot be used: a server that takes no reports must not seem to */
  async listen(port = this.settings.RETURN_SMTP_PORT ?? 0): Promise<number> {
    const certificate = this.certificate();
    const server = new SMTPServer({
      ...certificate,
      name: this.settings.RETURN_DOMAIN,
      banner: 'returns only',
      // Without a certificate of our own STARTTLS would only seem to protect: a proxy or mail server in front speaks TLS.
      disabledCommands: certificate ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      authOptional: true,
      size: mostBytes,
      maxClients: mostConnections,
      socketTimeout: idleSeconds * 1000,
      closeTimeout: 1000,
      disableReverseLookup: true,
      logger: false,
      onRcptTo: ({ address }, { envelope }, done) => {
        if (envelope.rcptTo.length > 0) return done(refusal(452, '4.5.3 One recipient at a time'));
        done(this.returns.isOurs(address) ? undefined : refusal(550, '5.1.1 No such return address'));
      },
      onData: (stream, session, done) => callbackify(() => this.take(stream, session))((error) => done(error, 'taken')),
    });
    // What clients do wrong is theirs; their addresses are nobody's business.
    server.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.listen(port, this.settings.HOST, () => {
        server.server.off('error', reject);
        resolve();
      });
    });
    server.server.on('connection', (socket: Socket) => {
      const timer = setTimeout(() => socket.destroy(), mostSeconds * 1000).unref();
      socket.once('close', () => clearTimeout(timer));
    });
    this.server = server;
    if (certificate) this.renewal = setInterval(() => this.renew(), lookAgainMinutes * 60_000).unref();
    const bound = (server.server.address() as AddressInfo).port;
    this.log.log(`takes what comes back on port ${bound}`);
    return bound;
  }

  private certificate() {
    const { RETURN_TLS_CERT: cert, RETURN_TLS_KEY: key } = this.settings;
    if (!cert || !key) return null;
    const read = { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' as const };
    // Throws where the two are nothing, or do not belong together: the server itself would only fail every handshake.
    createSecureContext(read);
    return read;
  }

  /** Reads the certificate again. One that cannot be used leaves the one there was. */
  renew(): void {
    try {
      const certificate = this.certificate();
      if (certificate) this.server?.updateSecureContext(certificate);
    } catch (error) {
      this.log.error(`the certificate for returns cannot be read: ${(error as Error).name}`);
    }
  }

  private async take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      // The rest is read and forgotten: the answer comes after the final dot.
      if (size <= mostBytes) chunks.push(chunk);
    }
    if (size > mostBytes) throw refusal(552, '5.3.4 Too large');
    const sender = envelope.mailFrom ? envelope.mailFrom.address : '';
    try {
      const recipient = envelope.rcptTo[0]!.address;
      await this.returns.take({ raw: Buffer.concat(chunks), source: 'smtp', sender, recipient });
    } catch (error) {
      this.log.error(`what came back cannot be kept: ${(error as Error).name}`);
      throw refusal(451, '4.3.0 Try again later');
    }
  }
}

const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });
