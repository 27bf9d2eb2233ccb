import { Injectable } from '@nestjs/common';
import { stringify, type Stringifier } from 'csv-stringify';
import { pipeline, type Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { plainCell } from '../site/csv.js';
import { problems } from '../site/problem.js';
import { joinReturns, type LetterReturn, returnColumns } from './letter-returns.js';
import {
  type LetterDay,
  type LetterReport,
  type Progress,
  progressOfAll,
  reportOf,
  statesOfAll,
  timelineOf,
} from './letter-sums.js';
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
  variantId: string | null;
  /** What staff call the variant; none: the text of the language. */
  variant: string | null;
  channel: string | null;
  contact: string | null;
  status: string;
  reason: string | null;
  attempts: number | null;
  /** The mail server it went to last. */
  relay: string | null;
  replyCode: number | null;
  reply: string | null;
  statusAt: Date | null;
  note: string | null;
  proof: string | null;
  outcome: string | null;
  tries: number;
  /** Of a digest: for how many supporters it speaks. */
  supporters: number | null;
  doneByName: string | null;
  rawSha256: string | null;
}

export interface LetterPage {
  letters: LetterRow[];
  /** Give it as `after` for the next page; null on the last one. */
  next: string | null;
}

const status = `CASE l.state WHEN 'mail' THEN coalesce(o.state, 'queued') ELSE l.state END`;
/** Variants do not change once letters are planned. */
const variant = `(SELECT v.name FROM letter_variants v WHERE v.campaign_id = l.campaign_id AND v.id = l.variant_id)`;
const columns = `l.id, l.lawmaker_id AS "lawmakerId", l.lawmaker_name AS "lawmakerName", l.party, l.chamber, l.area,
  l.legislature, l.locale, l.variant_id AS "variantId", ${variant} AS variant, l.channel, l.contact, ${status} AS status, l.reason, o.attempts, o.relay,
  o.reply_code AS "replyCode", o.reply, coalesce(CASE o.state WHEN 'handing_over' THEN o.handed_over_at ELSE o.state_at END, l.done_at, l.created_at) AS "statusAt", l.note, l.proof, l.outcome, l.tries, l.supporters,
  l.done_by_name AS "doneByName", encode(l.raw_sha256, 'hex') AS "rawSha256", ${returnColumns}`;
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
  progress(): Promise<Map<string, Progress>> {
    return progressOfAll(this.database.manager);
  }

  /** Of all campaigns together: states, the most first, and what was delivered lately. */
  states(): ReturnType<typeof statesOfAll> {
    return statesOfAll(this.database.manager);
  }

  report(campaignId: string): Promise<LetterReport> {
    return reportOf(this.database.manager, campaignId);
  }

  timeline(campaignId: string): Promise<LetterDay[]> {
    return timelineOf(this.database.manager, campaignId);
  }

  /** Every letter, in pages from the database, so that memory does not grow with the campaign. */
  csv(campaignId: string): Readable {
    const columns = [
      'legislature', 'chamber', 'party', 'area', 'lawmakerName', 'locale', 'variant', 'channel', 'contact', 'status', 'reason',
      'attempts', 'relay', 'replyCode', 'reply', 'statusAt', 'returned', 'returnedStatus', 'returnedDetail', 'returnedAt', 'replies',
      'answer', 'answeredOn', 'note', 'proof', 'outcome', 'tries', 'doneByName', 'variantId', 'id', 'rawSha256', 'supporters',
    ] as const satisfies (keyof LetterRow)[]; // prettier-ignore
    const file = stringify({ header: true, bom: true, record_delimiter: 'windows', columns: [...columns] });
    return flow(this.all(campaignId), (row) => columns.map((name) => cell(row[name])), file);
  }

  /** Whoever prints the sheets addresses as many envelopes: the open letters by post, in the same order, a column per line. */
  envelopes(campaignId: string): Readable {
    const lines = Array.from({ length: 6 }, (_, n) => `line${n + 1}`);
    const file = stringify({
      ...{ header: true, bom: true, record_delimiter: 'windows' as const },
      columns: ['name', ...lines, 'locale', 'id'],
    });
    return flow(
      this.all(campaignId, { status: 'task', channel: 'post' }),
      ({ lawmakerName, contact, locale, id }) =>
        [lawmakerName, ...addressLines(contact ?? '', lines.length), locale, id].map((value) => cell(value ?? '')),
      file,
    );
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

/** What goes wrong in the middle destroys the file: whoever downloads it sees that it broke off. */
function flow(letters: AsyncIterable<LetterRow>, line: (row: LetterRow) => string[], file: Stringifier): Readable {
  const lines = async function* () {
    for await (const letter of letters) yield line(letter);
  };
  return pipeline(lines, file, () => undefined);
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
