import { type BeforeApplicationShutdown, Injectable, StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem, problems } from '../site/problem.js';
import { type Right, roles } from './access.js';
import { Sessions } from './sessions.service.js';
import type { StaffRequest } from './staff-request.js';

/** What a page gets to show, as JSON. */
export interface Shown {
  /** Pieces of HTML, by the `data-part` they take the place of. */
  parts: Record<string, string>;
  /** A sentence to be read out: it should change seldom. */
  say: string;
  /** Nothing more will come; the page loads itself once more. */
  ended: boolean;
}

const defaults = {
  /** Between two looks at the database. */
  lookMs: 1000,
  /** Something goes over the line at least this often, or a proxy takes it for dead. */
  heartbeatMs: 15_000,
  /** Then the browser asks again, and passes the guard again. */
  mostMs: 5 * 60_000,
  /** Open at once for one member of staff, and in all. */
  mostEach: 6,
  mostInAll: 200,
};

/**
 * Streams of server-sent events (WHATWG HTML, 9.2) for pages of the console. Each asks the database again and again what
 * to show, sends what has changed, and ends with the work, with the session, with the right, or after five minutes.
 */
@Injectable()
export class ConsoleEvents implements BeforeApplicationShutdown {
  readonly limits = { ...defaults };
  private readonly open = new Map<string, number>();
  private stopping = false;

  constructor(private readonly sessions: Sessions) {}

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  /** @param look what the page shall show now to somebody with these rights @throws Problem too-many */
  stream(
    request: FastifyRequest,
    reply: FastifyReply,
    needs: Right,
    look: (rights: readonly Right[]) => Promise<Shown>,
    /** So many times as long between two looks, where a look costs more. */
    slower = 1,
  ): StreamableFile {
    const { session } = request as StaffRequest;
    const { staffId, secret } = session!;
    const mine = this.open.get(staffId) ?? 0;
    const all = [...this.open.values()].reduce((sum, each) => sum + each, 0);
    if (mine >= this.limits.mostEach || all >= this.limits.mostInAll) throw problems.tooMany(30);
    this.open.set(staffId, mine + 1);
    let gone = false;
    const close = () => {
      if (gone) return;
      gone = true;
      const left = this.open.get(staffId)! - 1;
      if (left > 0) this.open.set(staffId, left);
      else this.open.delete(staffId);
    };
    reply.raw.once('close', close);
    reply.header('x-accel-buffering', 'no');
    const events = this.events(needs, secret, look, slower, () => gone || this.stopping);
    const content = Readable.from(events, { objectMode: false }).once('close', close);
    return new StreamableFile(content, { type: 'text/event-stream' });
  }

  private async *events(
    needs: Right,
    secret: string,
    look: (rights: readonly Right[]) => Promise<Shown>,
    slower: number,
    over: () => boolean,
  ) {
    const { lookMs, heartbeatMs, mostMs } = this.limits;
    const end = Date.now() + mostMs;
    let said = '';
    let saidAt = Date.now();
    yield 'retry: 3000\n\n';
    while (!over() && Date.now() < end) {
      const rights = await this.rights(secret);
      if (!rights.includes(needs)) return;
      const shown = await look(rights).catch(whatIsGone);
      if (!shown) return;
      const data = JSON.stringify(shown);
      if (data !== said || Date.now() - saidAt > heartbeatMs) {
        yield data === said ? ': still here\n\n' : `event: progress\ndata: ${data}\n\n`;
        said = data;
        saidAt = Date.now();
      }
      if (shown.ended) return;
      await sleep(lookMs * slower, undefined, { ref: false });
    }
  }

  /** None for whoever has signed out or was signed out meanwhile. */
  private async rights(secret: string): Promise<readonly Right[]> {
    const session = await this.sessions.find(secret, { asVisit: false });
    return session ? roles[session.role] : [];
  }
}

/** What is there no more, or no more for her, ends the stream as if it had ended by itself. */
function whatIsGone(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}
