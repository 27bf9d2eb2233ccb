import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import type { Relay } from './relay.js';

const mostMessages = 100;
const idleMilliseconds = 15_000;

export interface Line {
  connection: SMTPConnection;
  messages: number;
  /** True when it has carried a mail before: the server may have closed it without our knowing. */
  used: boolean;
}

/** Open connections to the relay. A line that is not given back is closed by whoever took it. */
export class SmtpConnections {
  private readonly idle: { line: Line; timer: NodeJS.Timeout }[] = [];
  private readonly open = new Set<SMTPConnection>();

  constructor(
    private readonly relay: Relay,
    private readonly name: string | undefined,
  ) {}

  /** The warmest idle line, or a new one, ready for MAIL FROM. Throws what the server or the network said. */
  async take({ fresh = false } = {}): Promise<Line> {
    for (let kept = fresh ? undefined : this.idle.pop(); kept; kept = this.idle.pop()) {
      clearTimeout(kept.timer);
      if (!kept.line.connection.destroyed) return kept.line;
    }
    return { connection: await this.connect(), messages: 0, used: false };
  }

  give(line: Line): void {
    line.used = true;
    line.messages += 1;
    if (line.connection.destroyed) return;
    if (line.messages >= mostMessages) return line.connection.quit();
    const timer = setTimeout(() => {
      this.idle.splice(this.idle.indexOf(kept), 1);
      line.connection.quit();
    }, idleMilliseconds).unref();
    const kept = { line, timer };
    this.idle.push(kept);
  }

  /** Cuts the wire at once: nothing that was not yet written goes out. */
  drop(line: Line): void {
    cut(line.connection);
    line.connection.close();
  }

  /** Cuts every wire; a send under way fails as it would had the network gone. */
  cutAll(): void {
    for (const connection of this.open) cut(connection);
  }

  close(): void {
    for (const { line, timer } of this.idle.splice(0)) {
      clearTimeout(timer);
      line.connection.quit();
    }
  }

  private async connect(): Promise<SMTPConnection> {
    const connection = new SMTPConnection(this.options());
    this.open.add(connection);
    connection.once('end', () => this.open.delete(connection));
    try {
      await new Promise<void>((resolve, reject) => {
        // Stays on for the life of the connection: an error with no listener would end the process.
        connection.on('error', reject);
        connection.connect((error) => (error ? reject(error) : resolve()));
      });
      if (this.relay.auth) await this.logIn(connection);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private logIn(connection: SMTPConnection): Promise<void> {
    return new Promise((resolve, reject) => {
      connection.once('error', reject);
      connection.login({ ...this.relay.auth }, (error) => (error ? reject(error) : resolve()));
    });
  }

  private options(): SMTPConnectionOptions {
    return {
      host: this.relay.host,
      port: this.relay.port,
      secure: this.relay.secure,
      requireTLS: this.relay.requireTls,
      opportunisticTLS: this.relay.opportunisticTls,
      tls: { rejectUnauthorized: this.relay.verifyCertificate },
      logger: false,
      connectionTimeout: 60_000,
      ...(this.name && { name: this.name }),
    };
  }
}

function cut(connection: SMTPConnection): void {
  const error = new Error('broken off');
  if (connection._socket) connection._socket.destroy(error);
  else connection.emit('error', error);
}
