import { makeZip } from 'client-zip';
import { Inject, Injectable } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { DataSource } from 'typeorm';
import { projectRoot } from '../config/root.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { checkpointsUpTo, logFiles } from '../countlog/log-files.js';
import { Logs } from '../countlog/logs.service.js';
import { encodeVkey } from '../countlog/note.js';
import { type PaperEntry, PaperEntries } from '../paper/paper-entries.service.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { type CountSnapshot, CountSnapshots } from './count-snapshots.service.js';
import { CountryBreakdowns } from './country-breakdowns.service.js';
import { ExportHistory } from './export-history.service.js';
import type { HandIn } from './exports.schema.js';
import { HandInCover } from './hand-in-cover.js';
import { type HandInCounts, handInCounts, handInCsv, handInJson, handInXlsx } from './hand-in-counts.js';
import { handInPaper, sumOf } from './paper-files.js';

type Content = string | Buffer | AsyncIterable<Buffer>;

/**
 * Everything that whoever is handed a petition needs to believe its count, in one ZIP file: cover sheet, counts, the log up
 * to one checkpoint, and the program that recounts it. Written as it is read, so that it needs the same memory for any size
 * but some hundred bytes for each 128 entries, and no file of it stays here: the browser shows how much has come.
 */
@Injectable()
export class HandIns {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly logs: Logs,
    private readonly snapshots: CountSnapshots,
    private readonly breakdowns: CountryBreakdowns,
    private readonly paper: PaperEntries,
    private readonly cover: HandInCover,
    private readonly history: ExportHistory,
    private readonly audit: AuditService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * The audit entry is committed before the first byte leaves.
   * @throws Problem not-found; wrong-state while there is no checkpoint that may be shown
   */
  async open(wanted: HandIn, actor: Actor | 'system'): Promise<Readable> {
    const petition = await this.petitions.find(wanted.petition);
    const snapshot = await this.snapshots.one({ by: 'day-country', petition: petition.slug });
    if (!snapshot.checkpoint) throw problems.refusal('hand-in-not-ready');
    const { size, root } = snapshot.checkpoint;
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        actor,
        action: 'export.hand-in',
        subject: petition.slug,
        detail: { locale: wanted.locale, size, root },
      }),
    );
    const zip = makeZip(this.entries(wanted, petition, snapshot));
    const about = { kind: 'hand-in', format: 'zip', petition: petition.slug } as const;
    return this.history.follow(Readable.fromWeb(zip as ReadableStream), about, 'exports:counts', actor);
  }

  private async *entries(wanted: HandIn, petition: PublishedPetition, snapshot: CountSnapshot) {
    const over = petition.log.endedAt !== null;
    const told = over ? null : await this.breakdowns.of(petition.slug, { anew: true });
    const counts = handInCounts(snapshot, told, this.settings.SMALL_CELLS);
    const paper = await this.paper.read(petition.slug);
    for await (const [path, input] of this.files(wanted, petition, snapshot, counts, paper))
      yield { name: `hand-in-${petition.slug}/${path}`, lastModified: snapshot.asOf, input };
  }

  private async *files(
    { locale }: HandIn,
    petition: PublishedPetition,
    snapshot: CountSnapshot,
    counts: HandInCounts,
    paper: PaperEntry[],
  ): AsyncGenerator<[path: string, content: Content]> {
    const { petitionId, origin } = snapshot;
    const { size, note } = snapshot.checkpoint!;
    const { manager } = this.database;
    const vkey = encodeVkey(this.logs.signer(origin).verifier);
    const text = this.petitions.text(petition, locale);
    const about = { startedBy: petition.startedBy, vkey, paper: sumOf(paper) };
    // A byte order mark: some editors would take Persian for something else.
    yield ['README.txt', `\ufeff${await this.cover.readme(locale, text, counts, about)}`];
    yield ['cover-sheet.html', await this.cover.cover(locale, text, counts, about)];
    yield ['counts.csv', handInCsv(counts)];
    yield ['counts.xlsx', handInXlsx(counts)];
    yield ['counts.json', handInJson(counts)];
    if (about.paper > 0) {
      const over = petition.log.endedAt !== null;
      yield ['paper.csv', handInPaper(paper, counts.asOf, over, this.settings.SMALL_CELLS)];
    }
    for (const name of ['countersign-verify.mjs', 'README.md'])
      yield [`verifier/${name}`, await readFile(join(projectRoot, 'verifier', name))];
    const { publication } = petition.log;
    yield ['log/log.json', `${JSON.stringify(this.logs.settingsOf({ origin, publication }), null, 2)}\n`];
    yield ['log/checkpoint', note];
    yield [`log/checkpoints/${size}`, note];
    for await (const page of logFiles(manager, petitionId, { from: 0, size }))
      for (const { path, bytes } of page) yield [`log/${path}`, bytes];
    async function* earlier() {
      for await (const page of checkpointsUpTo(manager, petitionId, size))
        yield Buffer.concat(page.flatMap((each) => [each.note, Buffer.from('\n')]));
    }
    yield ['earlier-checkpoints.txt', earlier()];
  }
}
