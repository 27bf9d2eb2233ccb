import { Encrypter } from 'age-encryption';
import { Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { DataSource } from 'typeorm';
import { Coalitions } from '../coalitions/coalitions.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { openBox } from '../signatures/signer-box.js';
import { type Topic, wordingsOf } from '../signatures/topics.js';
import { plainCell } from '../site/csv.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Vault } from '../vault/vault.service.js';
import { csv } from './count-files.js';
import { ExportHistory } from './export-history.service.js';
import type { PersonsExport } from './exports.schema.js';

const page = 2000;
const nobody = '00000000-0000-0000-0000-000000000000';

/** What each purpose may see of a signer; nobody is in a file whose purpose she did not agree to. */
const columns = {
  news: ['name', 'email', 'country', 'locale'],
  showName: ['name', 'country', 'words'],
} as const satisfies Record<PersonsExport['purpose'], readonly string[]>;
type Column = (typeof columns)[PersonsExport['purpose']][number];

/** People who agreed to a purpose, as CSV encrypted to an age recipient (age-encryption.org/v1). Each export is audited. */
@Injectable()
export class PersonsExports {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly coalitions: Coalitions,
    private readonly vault: Vault,
    private readonly audit: AuditService,
    private readonly history: ExportHistory,
  ) {}

  /** The audit entry is committed before the first byte leaves. @throws Problem not-found */
  async open({ petition: slug, purpose, recipient }: PersonsExport, actor: Actor | 'system'): Promise<Readable> {
    const petition = await this.petitions.find(slug);
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'export.persons', subject: slug, detail: { purpose, recipient } }),
    );
    const file = await this.encrypted(petition.id, purpose, columns[purpose], recipient);
    return this.followed(file, slug, actor);
  }

  /**
   * Those who agreed to news of one organisation, encrypted to its own recipient.
   * @throws Problem not-found, wrong-state when it has left, forbidden for whoever does not act for it
   */
  async ofOrganisation(slug: string, id: string, actor: Actor): Promise<Readable> {
    const { petitionId, recipient, name } = await this.coalitions.actFor(slug, id, actor);
    const detail = { id, organisation: name, recipient };
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'export.organisation', subject: slug, detail }),
    );
    return this.followed(await this.encrypted(petitionId, id, columns.news, recipient), slug, actor);
  }

  private async encrypted(petitionId: string, topic: Topic, names: readonly Column[], recipient: string) {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    const plain = Readable.toWeb(csv(this.rows(petitionId, topic, names), [...names]));
    const encrypted = await encrypter.encrypt(plain as unknown as globalThis.ReadableStream<Uint8Array>);
    return Readable.fromWeb(encrypted as ReadableStream);
  }

  private followed(file: Readable, slug: string, actor: Actor | 'system'): Promise<Readable> {
    const about = { kind: 'persons', format: 'csv.age', petition: slug } as const;
    return this.history.follow(file, about, 'exports:persons', actor);
  }

  private async *rows(petitionId: string, topic: Topic, names: readonly Column[]): AsyncGenerator<string[]> {
    let last = nobody;
    for (;;) {
      const rows: { id: string; box: Buffer; country: string; locale: string }[] = await this.database.query(
        `SELECT id, box, country, locale FROM signatures
         WHERE petition_id = $1 AND id > $2 AND box IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM invalidated i WHERE i.petition_id = $1 AND i.signature_id = signatures.id)
           AND consents && ${wordingsOf('$3')}
         ORDER BY id LIMIT ${page}`,
        [petitionId, last, topic],
      );
      for (const { id, box, country, locale } of rows) {
        const person = { ...openBox(this.vault, petitionId, id, box), country, locale };
        yield names.map((name) => plainCell(person[name]));
      }
      if (rows.length < page) return;
      last = rows.at(-1)!.id;
    }
  }
}
