import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Locale } from '../site/languages.js';
import { versionOf } from '../site/pages.service.js';
import { type PictureType, readPicture } from '../site/pictures.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { type LockedPetition, lockPetition } from './petition-moves.service.js';
import { pictureLimits, type PictureView, type PictureWords } from './petition-picture.schema.js';
import { addAuthor, voidReview } from './petition-texts.service.js';
import { Petitions } from './petitions.service.js';

type PictureAction = `petition.picture-${'changed' | 'described' | 'removed'}`;

const endings: Record<PictureType, string> = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/webp': 'webp' };
const shown = `type, width, height, version, alt, credit`;
type Row = Omit<PictureView, 'url'> & { version: string };

/**
 * The picture of a petition. What it was made with, where and when is taken out before it is kept. It is no part of the words that
 * people sign and that the log has a digest of; a reviewer sees it, and a change gives the petition back to its authors.
 */
@Injectable()
export class PetitionPictures {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly audit: AuditService,
  ) {}

  /** @returns null where there is none */
  async of(slug: string, petitionId: string): Promise<PictureView | null> {
    const [row] = await this.database.query<Row[]>(`SELECT ${shown} FROM petition_pictures WHERE petition_id = $1`, [
      petitionId,
    ]);
    if (!row) return null;
    const { version, ...rest } = row;
    return { ...rest, url: `/petition-pictures/${slug}/${version}.${endings[row.type]}` };
  }

  /** The bytes under an address of `of`. @throws Problem not-found, also for one that was replaced */
  async file(petitionId: string, name: string): Promise<{ type: PictureType; bytes: Buffer }> {
    const [row] = await this.database.query<{ type: PictureType; bytes: Buffer; version: string }[]>(
      `SELECT type, bytes, version FROM petition_pictures WHERE petition_id = $1`,
      [petitionId],
    );
    if (!row || name !== `${row.version}.${endings[row.type]}`) throw problems.notFound();
    return row;
  }

  /**
   * Takes another picture, or with an empty file describes the one that is there.
   * @throws Problem not-found; wrong-state when archived; invalid, beside `file` or `alt-<locale>`
   */
  async change(slug: string, file: Uint8Array, words: PictureWords, actor: Actor): Promise<void> {
    const picture = file.length > 0 ? take(file) : null;
    await this.write(slug, actor, `petition.picture-${picture ? 'changed' : 'described'}`, async (tx, petition) => {
      if (!words.alt[petition.originalLocale as Locale])
        throw refuse(`alt-${petition.originalLocale}`, 'required', 'Say what the picture shows.');
      const alt = JSON.stringify(words.alt);
      if (!picture) {
        const [, described] = await tx.query<[unknown[], number]>(
          `UPDATE petition_pictures SET alt = $2, credit = $3 WHERE petition_id = $1`,
          [petition.id, alt, words.credit],
        );
        if (described === 0) throw refuse('file', 'required', 'Choose a file.');
        return;
      }
      const { type, width, height, bytes } = picture;
      await tx.query(
        `INSERT INTO petition_pictures (petition_id, type, width, height, version, bytes, alt, credit)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (petition_id) DO UPDATE SET type = excluded.type, width = excluded.width, height = excluded.height,
           version = excluded.version, bytes = excluded.bytes, alt = excluded.alt, credit = excluded.credit`,
        [petition.id, type, width, height, versionOf(bytes), bytes, alt, words.credit],
      );
    });
  }

  async remove(slug: string, actor: Actor): Promise<void> {
    await this.write(slug, actor, 'petition.picture-removed', async (tx, { id }) => {
      const [, removed] = await tx.query<[unknown[], number]>(`DELETE FROM petition_pictures WHERE petition_id = $1`, [
        id,
      ]);
      if (removed === 0) throw problems.notFound();
    });
  }

  private async write(
    slug: string,
    actor: Actor,
    action: PictureAction,
    work: (tx: EntityManager, petition: LockedPetition) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const petition = await lockPetition(tx, slug);
      if (petition.state === 'archived') throw problems.refusal('petition-archived');
      await work(tx, petition);
      await addAuthor(tx, petition.id, actor);
      await voidReview(tx, petition.id);
      await this.audit.record(tx, { actor, action, subject: slug });
    });
    this.petitions.forget(slug);
  }
}

/** A picture as a page in this language shows it: in its words, or in those of the original, which are marked. */
export function pictureIn(picture: PictureView, locale: Locale, original: string) {
  const own = picture.alt[locale];
  return { ...picture, alt: own ?? picture.alt[original] ?? '', altLocale: own ? locale : original };
}

/** The same file, behind the door of the console. */
export const pictureForStaff = (locale: Locale, slug: string, url: string): string =>
  `/${locale}/console/petitions/${slug}/picture/files/${url.split('/').pop()}`;

function take(file: Uint8Array) {
  if (file.length > pictureLimits.bytes) throw refuse('file', 'file-too-large', 'A picture may have 400 KB.');
  const picture = readPicture(file);
  if (!picture) throw refuse('file', 'not-a-picture', 'A picture is a whole PNG, JPEG or WebP file, by its content.');
  if (Math.max(picture.width, picture.height) > pictureLimits.side)
    throw refuse('file', 'picture-too-wide', 'A side may have 2,400 pixels.');
  return picture;
}

const refuse = (field: string, code: string, message: string) => problems.invalid([{ field, code, message }]);
