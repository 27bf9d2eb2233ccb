import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from './staff/audit.service.js';
import { Vault } from './vault/vault.service.js';

/** Where boxes of the vault are kept, and in SQL for whom and in which place each was sealed, as its room says. */
const sealedColumns = [
  {
    ...{ table: 'signatures', keys: ['petition_id', 'id'], column: 'box', kind: null },
    ...{ owner: 'petition_id', place: `'signatures/' || petition_id || '/' || id` },
  },
  {
    ...{ table: 'digest_supporters', keys: ['campaign_id', 'id'], column: 'box', kind: null },
    ...{ owner: 'petition_id', place: `'digest-supporters/' || id` },
  },
  {
    ...{ table: 'authenticators', keys: ['staff_id'], column: 'secret', kind: null },
    ...{ owner: `'staff'`, place: `'authenticators/' || staff_id` },
  },
  ...(
    [
      [
        'supporter-letter',
        'supporter-letters',
        `(SELECT petition_id FROM letter_campaigns c WHERE c.id = campaign_id)`,
      ],
      [
        'supporter-digest',
        'supporter-digests',
        `(SELECT petition_id FROM letter_campaigns c WHERE c.id = campaign_id)`,
      ],
      ['letter-copy', 'letter-copies', 'campaign_id'],
      ['reply-forwarded', 'forwarded-replies', 'campaign_id'],
    ] as const
  ).map(([kind, place, owner]) => ({
    ...{ table: 'outbox', keys: ['campaign_id', 'id'], column: 'payload', kind },
    ...{ owner, place: `'${place}/' || outbox.id` },
  })),
];
type SealedColumn = (typeof sealedColumns)[number];

const batchSize = 500;
/** Servers that run look for a new key every minute; whatever they had begun to write with the old one is written long before. */
const graceHours = 1;

export interface Rotation {
  /** Boxes that were sealed anew in this run. */
  resealed: number;
  /** Boxes under an old key: in use at this moment, or nothing that opens. While there are any, old keys stay. */
  left: number;
  /** Old keys that are still there, and from when on another run deletes them. */
  oldKeys: number;
  deletableAt: string | null;
}

/**
 * A new key for what is sealed, everything sealed anew under it, then, by a run
 * at least an hour after the last that had anything to do, the old key deleted. Each step is kept by itself, so
 * that a run which was killed is gone on with by the next, which begins no further key while there are old ones. Servers may
 * run: they open with every key there is.
 */
export async function rotateSealKey(app: INestApplicationContext): Promise<Rotation> {
  const [vault, database] = [app.get(Vault), app.get(DataSource)];
  const { number, since } = vault.newSealKey();
  let resealed = 0;
  for (const column of sealedColumns) resealed += await reseal(database, vault, column, number);
  let left = 0;
  for (const column of sealedColumns) left += await countOld(database, column, number);
  const deletable = new Date((resealed > 0 ? Date.now() : since.getTime()) + graceHours * 3600_000);
  const isOver = left === 0 && deletable.getTime() <= Date.now();
  await database.transaction((tx) =>
    app.get(AuditService).record(tx, {
      ...{ actor: 'system', action: 'keys.rotated', subject: 'seal', detail: { resealed, left, finished: isOver } },
    }),
  );
  if (isOver) vault.forgetOldSealKeys();
  return { resealed, left, oldKeys: vault.oldSealKeys(), deletableAt: isOver ? null : deletable.toISOString() };
}

const isOld = ({ column, kind }: SealedColumn) =>
  `${column} IS NOT NULL AND get_byte(${column}, 0) <> $1${kind ? ` AND kind = '${kind}'` : ''}`;

async function countOld(database: DataSource, of: SealedColumn, number: number): Promise<number> {
  const [{ n }] = await database.query(`SELECT count(*)::int AS n FROM ${of.table} WHERE ${isOld(of)}`, [number]);
  return n as number;
}

/** Batch by batch in the order of the keys. Rows that somebody has in hand are left for the next run. */
async function reseal(database: DataSource, vault: Vault, of: SealedColumn, number: number): Promise<number> {
  const { table, keys, column, owner, place } = of;
  let after = keys.map(() => '00000000-0000-0000-0000-000000000000');
  for (let resealed = 0; ;) {
    const rows = await database.transaction(async (tx) => {
      const found: { key: string[]; owner: string; place: string; box: Uint8Array }[] = await tx.query(
        `SELECT ARRAY[${keys.join()}]::text[] AS key, ${owner}::text AS owner, ${place} AS place, ${column} AS box FROM ${table}
         WHERE ${isOld(of)} AND (${keys.join()}) > (${keys.map((_, n) => `$${n + 2}::uuid`).join()})
         ORDER BY ${keys.join()} LIMIT ${batchSize} FOR UPDATE OF ${table} SKIP LOCKED`,
        [number, ...after],
      );
      const anew = found.flatMap(({ key, owner: whose, place: where, box }) => {
        const plain = opened(() => vault.open(whose, where, Buffer.from(box)));
        return plain ? [{ key, box: vault.seal(whose, where, plain) }] : [];
      });
      await tx.query(
        `UPDATE ${table} SET ${column} = new.box
         FROM unnest($1::bytea[], ${keys.map((_, n) => `$${n + 2}::uuid[]`).join()}) AS new (box, ${keys.map((key) => `new_${key}`).join()})
         WHERE ${keys.map((key) => `${table}.${key} = new.new_${key}`).join(' AND ')}`,
        [anew.map(({ box }) => box), ...keys.map((_, n) => anew.map(({ key }) => key[n]))],
      );
      // What was sealed anew must be on the disk before its old key goes, also of a database that takes its time for that.
      // Before the commit: a run that is killed after it leaves nothing to seal, and the next would not wait.
      if (anew.length > 0) vault.touchSealKey();
      resealed += anew.length;
      return found;
    });
    if (rows.length === 0) return resealed;
    after = rows.at(-1)!.key;
  }
}

/** What does not open is damaged, or its key is gone: it stays as it is, and keeps the old keys with it. */
function opened(open: () => Buffer): Buffer | null {
  try {
    return open();
  } catch {
    return null;
  }
}
