import { Injectable } from '@nestjs/common';
import { stringify } from 'csv-stringify';
import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { plainCell } from '../site/csv.js';
import { problems } from '../site/problem.js';
import { joinReturns, type LetterReturn, returnColumns } from './letter-returns.js';
import type { LetterFilter } from './letters.schema.js';

/** A letter as tables and files show it; `status` is the outbox's word for a mail, ours for everything else. */
export interface LetterRow extends LetterReturn {
  id: string;
  lawmakerId: string;
  lawmakerName: string;
  party: string | null;
  chamber: string | null;
  area: string | null;
  legislature: string | null;
  locale: string | null;
  channel: string | null;
  contact: string | null;
  status: string;
  reason: string | null;
  attempts: number | null;
  replyCode: number | null;
  reply: string | null;
  statusAt: Date | null;
  note: string | null;
  proof: string | null;
  outcome: string | null;
  tries: number;
  doneByName: string | null;
  rawSha256: string | null;
}

export interface LetterPage {
  letters: LetterRow[];
  /** Give it as `after` for the next page; null on the last one. */
  next: string | null;
}

interface Named {
  name: string | null;
  letters: number;
}

export interface LetterReport {
  total: number;
  byStatus: { name: string; letters: number }[];
  /** `open` waits for a person or a server; the rest came to nothing. */
  byChannel: { name: string | null; letters: number; open: number; reached: number }[];
  /** What came of calls. */
  byOutcome: { name: string; letters: number }[];
  byParty: { name: string | null; letters: number; reached: number }[];
  /** What came back, letters by the weightiest of it. */
  byReturn: { name: string; letters: number }[];
  /** What a person read in the answers. */
  byAnswer: { name: string; letters: number }[];
  reached: number;
  /** Letters that somebody answered, of those that reached somebody. */
  answered: number;
  of: number;
}

export interface Progress {
  letters: number;
  /** Accepted by a server and not come back, or done by a person. */
  reached: number;
  /** Refused, expired, in doubt, or come back. */
  troubled: number;
  excluded: number;
}

const status = `CASE l.state WHEN 'mail' THEN coalesce(o.state, 'queued') ELSE l.state END`;
const columns = `l.id, l.lawmaker_id AS "lawmakerId", l.lawmaker_name AS "lawmakerName", l.party, l.chamber, l.area,
  l.legislature, l.locale, l.channel, l.contact, ${status} AS status, l.reason, o.attempts,
  o.reply_code AS "replyCode", o.reply, coalesce(o.state_at, l.done_at, l.created_at) AS "statusAt", l.note, l.proof, l.outcome, l.tries,
  l.done_by_name AS "doneByName", encode(l.raw_sha256, 'hex') AS "rawSha256", ${returnColumns}`;
const open = `${status} IN ('task', 'queued', 'claimed', 'handing_over', 'deferred', 'held')`;
const reached = `(${status} IN ('accepted', 'done') AND r.kind IS DISTINCT FROM 'bounced')`;
/**
 * A letter's mail has the letter's id. The LIMIT keeps the look-up by primary key: without statistics, which the embedded
 * database never gathers by itself, a plain join compares every letter with every mail.
 */
const withMail = `letters l LEFT JOIN LATERAL (
    SELECT * FROM outbox WHERE campaign_id = l.campaign_id AND id = l.id AND l.state = 'mail' LIMIT 1
  ) o ON true ${joinReturns}`;

/** What became of every letter. */
@Injectable()
export class LetterReports {
  constructor(private readonly database: DataSource) {}

  async letters(campaignId: string, filter: LetterFilter): Promise<LetterPage> {
    const [name, id] = readCursor(filter.after);
    const rows: LetterRow[] = await this.database.query(
      `SELECT ${columns} FROM ${withMail}
       WHERE l.campaign_id = $1
         AND ($2::text IS NULL OR ${status} = $2)
         AND ($3::text IS NULL OR l.channel = $3)
         AND ($4::text IS NULL OR (l.lawmaker_name, l.id) > ($4, $5::uuid))
         AND ($7::text IS NULL OR r.kind = $7)
         AND ($8::text IS NULL OR a.stance = $8)
       ORDER BY l.lawmaker_name, l.id
       LIMIT $6`,
      [
        campaignId,
        filter.status ?? null,
        filter.channel ?? null,
        name,
        id,
        filter.limit + 1,
        filter.returned ?? null,
        filter.answer ?? null,
      ],
    );
    const letters = rows.slice(0, filter.limit);
    const last = letters.at(-1);
    return { letters, next: rows.length > filter.limit && last ? cursor(last.lawmakerName, last.id) : null };
  }

  /** @throws Problem not-found */
  async one(campaignId: string, id: string): Promise<LetterRow> {
    const [row] = await this.database.query(
      `SELECT ${columns} FROM ${withMail} WHERE l.campaign_id = $1 AND l.id = $2`,
      [campaignId, id],
    );
    if (!row) throw problems.notFound('There is no such letter in this campaign.');
    return row;
  }

  /** Of every campaign that has letters, by its id. */
  async progress(): Promise<Map<string, Progress>> {
    const rows: (Progress & { id: string })[] = await this.database.query(
      `SELECT l.campaign_id AS id, count(*)::int AS letters,
         count(*) FILTER (WHERE ${reached})::int AS reached,
         count(*) FILTER (WHERE ${status} IN ('refused', 'expired', 'in_doubt') OR r.kind = 'bounced')::int AS troubled,
         count(*) FILTER (WHERE ${status} = 'excluded')::int AS excluded
       FROM ${withMail} GROUP BY 1`,
    );
    return new Map(rows.map(({ id, ...progress }) => [id, progress]));
  }

  /** Letters that somebody answered, of those that reached somebody. An answer proves that its letter did. */
  async answered(campaignId: string): Promise<{ answered: number; of: number }> {
    const [row] = await this.database.query(
      `SELECT count(a.stance)::int AS answered, count(*) FILTER (WHERE ${reached} OR a.stance IS NOT NULL)::int AS of
       FROM ${withMail} WHERE l.campaign_id = $1`,
      [campaignId],
    );
    return row as { answered: number; of: number };
  }

  async report(campaignId: string): Promise<LetterReport> {
    const group = <Row>(by: string, more = ''): Promise<Row[]> =>
      this.database.query(
        `SELECT ${by} AS name, count(*)::int AS letters ${more} FROM ${withMail}
         WHERE l.campaign_id = $1 GROUP BY 1 ORDER BY 2 DESC, 1`,
        [campaignId],
      );
    const byStatus = await group<LetterReport['byStatus'][number]>(status);
    const named = <Row extends { name: string | null }>(rows: Row[]) =>
      rows.filter((row): row is Row & { name: string } => row.name !== null);
    const byParty = await group<LetterReport['byParty'][number]>(
      'l.party',
      `, count(*) FILTER (WHERE ${reached})::int AS reached`,
    );
    const byAnswer = named(await group<Named>('a.stance'));
    return {
      total: byStatus.reduce((sum, { letters }) => sum + letters, 0),
      byStatus,
      byChannel: await group(
        'l.channel',
        `, count(*) FILTER (WHERE ${open})::int AS open, count(*) FILTER (WHERE ${reached})::int AS reached`,
      ),
      byOutcome: named(await group<Named>('l.outcome')),
      byParty,
      byReturn: named(await group<Named>('r.kind')),
      byAnswer,
      reached: byParty.reduce((sum, each) => sum + each.reached, 0),
      ...(await this.answered(campaignId)),
    };
  }

  /** Every letter, in pages from the database, so that memory does not grow with the campaign. */
  csv(campaignId: string): Readable {
    const columns = [
      'legislature', 'chamber', 'party', 'area', 'lawmakerName', 'locale', 'channel', 'contact', 'status', 'reason',
      'attempts', 'replyCode', 'reply', 'statusAt', 'returned', 'returnedStatus', 'returnedDetail', 'returnedAt', 'replies',
      'answer', 'answeredOn', 'note', 'proof', 'outcome', 'tries', 'doneByName', 'id', 'rawSha256',
    ] as const satisfies (keyof LetterRow)[]; // prettier-ignore
    const file = stringify({ header: true, bom: true, record_delimiter: 'windows', columns: [...columns] });
    return Readable.from(this.all(campaignId))
      .map((row: LetterRow) => columns.map((name) => cell(row[name])))
      .pipe(file);
  }

  /** Whoever prints the sheets addresses as many envelopes: the open letters by post, in the same order, a column per line. */
  envelopes(campaignId: string): Readable {
    const lines = Array.from({ length: 6 }, (_, n) => `line${n + 1}`);
    const file = stringify({
      ...{ header: true, bom: true, record_delimiter: 'windows' as const },
      columns: ['name', ...lines, 'locale', 'id'],
    });
    return Readable.from(this.all(campaignId, { status: 'task', channel: 'post' }))
      .map(({ lawmakerName, contact, locale, id }: LetterRow) =>
        [lawmakerName, ...addressLines(contact ?? '', lines.length), locale, id].map((value) => cell(value ?? '')),
      )
      .pipe(file);
  }

  private async *all(campaignId: string, filter: Partial<LetterFilter> = {}): AsyncGenerator<LetterRow> {
    for (let after: string | undefined; ;) {
      const { letters, next } = await this.letters(campaignId, { ...filter, after, limit: 2000 });
      yield* letters;
      if (!next) return;
      after = next;
    }
  }
}

const cell = (value: LetterRow[keyof LetterRow]): string =>
  value instanceof Date ? value.toISOString() : typeof value === 'string' ? plainCell(value) : String(value ?? '');

/** What does not fit shares the last line: nothing of an address is lost. */
function addressLines(address: string, most: number): string[] {
  const written = address
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const lines = [...written.slice(0, most - 1), written.slice(most - 1).join(', ')];
  return Array.from({ length: most }, (_, n) => lines[n] ?? '');
}

const cursor = (name: string, id: string) => Buffer.from(JSON.stringify([name, id])).toString('base64url');

function readCursor(text: string | undefined): [string | null, string | null] {
  if (!text) return [null, null];
  const refused = problems.invalid([{ field: 'after', code: 'invalid', message: 'This is not a place in the list.' }]);
  try {
    const [name, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof name === 'string' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return [name, id];
  } catch {
    throw refused;
  }
  throw refused;
}
