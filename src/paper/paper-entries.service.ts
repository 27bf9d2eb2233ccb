import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A batch of sheets that two people counted alike, unless a correction stands instead of it. */
export interface PaperEntry {
  kind: 'paper';
  /** Slug. */
  petition: string;
  day: string;
  country: string;
  /** Numbers of the sheets, with spaces between. */
  sheets: string;
  folder: string;
  signatures: number;
  confirmed: string;
}

/** What is told of signatures on paper: entries of a kind of their own, none of which is ever a row of the counts online. */
@Injectable()
export class PaperEntries {
  constructor(private readonly database: DataSource) {}

  /** @param slug of one petition; every one without */
  read(slug?: string): Promise<PaperEntry[]> {
    return this.database.query(
      `SELECT 'paper' AS kind, p.slug AS petition, b.day::text, b.country, array_to_string(b.sheets, ' ') AS sheets, b.folder,
         b.signatures, to_char(b.confirmed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS confirmed
       FROM paper_batches b JOIN petitions p ON p.id = b.petition_id
       WHERE b.signatures IS NOT NULL AND ($1::text IS NULL OR p.slug = $1) AND NOT EXISTS (
         SELECT FROM paper_batches c
         WHERE c.petition_id = b.petition_id AND c.corrects = b.id AND c.signatures IS NOT NULL)
       ORDER BY p.slug, b.id`,
      [slug ?? null],
    );
  }
}
