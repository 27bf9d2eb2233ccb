import { Injectable } from '@nestjs/common';
import { pipeline, type Readable, Transform } from 'node:stream';
import { LongWorks, type Work } from '../progress/long-works.service.js';
import type { Actor, Right } from '../staff/access.js';
import type { PastExport } from './exports.schema.js';

const pageOfHistory = 50;

interface About {
  kind: PastExport['kind'];
  format: string;
  /** Slug; null: every petition. */
  petition: string | null;
}

/** Who took what, and whether it arrived. What may not be done without being written down stands in the audit log too. */
@Injectable()
export class ExportHistory {
  constructor(private readonly works: LongWorks) {}

  /** The same content, with how much of it was handed out written down; what breaks off is said to have failed. */
  async follow(content: Readable, about: About, needs: Right, actor: Actor | 'system'): Promise<Readable> {
    const { report } = await this.works.begin({
      kind: 'export',
      subject: about.petition ?? '',
      needs,
      detail: { kind: about.kind, format: about.format },
      actor,
    });
    let bytes = 0;
    const through = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        report.tell('bytes', (bytes += chunk.length));
        done(null, chunk);
      },
    });
    pipeline(content, through, (error) => {
      this.works.await(error ? report.end('failed', { failure: 'broken-off' }) : report.end('done'));
    });
    return through;
  }

  /** Newest first; only those of kinds that somebody with these rights could take. */
  async list(rights: readonly Right[], before?: string): Promise<{ exports: PastExport[]; next: string | null }> {
    const works = await this.works.list('export', rights, { before, most: pageOfHistory + 1 });
    const exports = works.slice(0, pageOfHistory).map(pastExport);
    return { exports, next: works.length > pageOfHistory ? exports.at(-1)!.id : null };
  }
}

const pastExport = ({ id, subject, detail, madeBy, createdAt, state, done }: Work): PastExport => ({
  id,
  ...(detail as Pick<PastExport, 'kind' | 'format'>),
  petition: subject || null,
  by: madeBy,
  at: createdAt.toISOString(),
  state: state === 'waiting' ? 'running' : state,
  bytes: done,
});
