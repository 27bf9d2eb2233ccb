import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { countryCodes } from '../site/languages.js';
import { problems } from '../site/problem.js';
import type { ImportedLegislature } from './importers/import-record.js';
import type { ImportRequest } from './lawmakers.schema.js';

export interface LegislatureView extends ImportedLegislature {
  lawmakers: number;
  importedAt: string | null;
}

@Injectable()
export class LegislaturesService {
  constructor(private readonly database: DataSource) {}

  /** With the number of present members. */
  list(): Promise<LegislatureView[]> {
    return this.database.query(
      `SELECT g.slug, g.name, g.country,
         (SELECT count(*)::int FROM lawmakers l WHERE l.legislature_id = g.id AND l.left_at IS NULL) AS lawmakers,
         (SELECT max(decided_at) FROM imports i WHERE i.legislature_slug = g.slug AND i.state = 'applied') AS "importedAt"
       FROM legislatures g ORDER BY g.name, g.slug`,
    );
  }

  /** The legislature an import is for: the one asked for, else the one the file names. @throws Problem where neither says enough */
  async forImport(request: ImportRequest, own?: ImportedLegislature): Promise<ImportedLegislature> {
    const slug = request.legislature ?? own?.slug;
    if (!slug) {
      throw problems.invalid([{ field: 'legislature', code: 'required', message: 'Name the legislature.' }]);
    }
    const [present] = await this.database.query<ImportedLegislature[]>(
      `SELECT slug, name, country FROM legislatures WHERE slug = $1`,
      [slug],
    );
    if (present) return present;
    const ofFile = own?.slug === slug ? own : undefined;
    const prefix = slug.slice(0, 2).toUpperCase();
    const country =
      request.country ?? ofFile?.country ?? (slug[2] === '-' && countryCodes.has(prefix) ? prefix : undefined);
    if (!country) throw problems.invalid([{ field: 'country', code: 'required', message: 'Name its country.' }]);
    return { slug, name: request.name ?? ofFile?.name ?? slug, country };
  }
}
