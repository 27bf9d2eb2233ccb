import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PetitionExtras } from '../petitions/petition-extras.js';
import type { PublishedPetition } from '../petitions/petitions.service.js';
import { Vault } from '../vault/vault.service.js';
import { openBox } from './signer-box.js';

const hour = 3600_000;
/** Whole hours between the hour in which somebody confirmed and the first in which her name may be shown. */
const delay = 2;
const most = 12;
/** So many of the newest signatures are looked through for consent, however many there are. */
const looked = 1000;
const freshFor = 60_000;
const mostPetitions = 1000;

interface Recent {
  ids: string[];
  names: Map<string, string>;
  until: number;
}

/**
 * Names of those who signed lately and let their names be shown: their names and nothing else, some hours late, without
 * a time, and never for a protected petition. A box is opened once and its name remembered for as long as it is on the
 * page; that the signature is still there is asked every time, so that a name goes with it.
 */
@Injectable()
export class RecentNames implements OnModuleInit {
  private readonly recent = new Map<string, Recent>();

  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
    private readonly extras: PetitionExtras,
  ) {}

  onModuleInit(): void {
    this.extras.takeNamesFrom((petition) => this.of(petition));
  }

  private async of(petition: PublishedPetition): Promise<string[]> {
    if (petition.log.publication !== 'ordinary') return [];
    const recent = await this.find(petition.id);
    const rows: { id: string; box: Buffer | null }[] = await this.database.query(
      `SELECT id, CASE WHEN id = ANY ($3::uuid[]) THEN NULL ELSE box END AS box FROM signatures s
       WHERE petition_id = $1 AND id = ANY ($2::uuid[]) AND box IS NOT NULL AND NOT EXISTS (
         SELECT FROM invalidated i WHERE i.petition_id = s.petition_id AND i.signature_id = s.id)
       ORDER BY id DESC`,
      [petition.id, recent.ids, [...recent.names.keys()]],
    );
    const here = rows.map(({ id, box }): [string, string] => [
      id,
      box ? openBox(this.vault, petition.id, id, box).name : recent.names.get(id)!,
    ]);
    recent.names = new Map(here);
    return here.map(([, name]) => name);
  }

  /** Who may be shown: counted, with consent, long enough ago. Reads a bounded number of rows, once a minute. */
  private async find(petitionId: string): Promise<Recent> {
    const known = this.recent.get(petitionId);
    if (known && known.until > Date.now()) return known;
    const rows: { id: string }[] = await this.database.query(
      `SELECT id FROM (
         SELECT id, consents FROM signatures WHERE petition_id = $1 AND id < $2 AND box IS NOT NULL
         ORDER BY id DESC LIMIT ${looked}
       ) AS newest
       WHERE consents && ARRAY(SELECT id FROM consents WHERE purpose = 'showName')
         AND EXISTS (SELECT FROM log_positions p WHERE p.petition_id = $1 AND p.signature_id = newest.id)
       ORDER BY id DESC LIMIT ${most}`,
      [petitionId, firstIdOf((Math.floor(Date.now() / hour) - delay + 1) * hour)],
    );
    const ids = rows.map(({ id }) => id);
    const names = new Map([...(known?.names ?? [])].filter(([id]) => ids.includes(id)));
    const recent = { ids, names, until: Date.now() + freshFor };
    if (this.recent.size >= mostPetitions) this.recent.clear();
    this.recent.set(petitionId, recent);
    return recent;
  }
}

/** No UUIDv7 of this millisecond (RFC 9562) is smaller; ids of signatures carry the hour in which they were confirmed. */
function firstIdOf(milliseconds: number): string {
  const time = milliseconds.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
