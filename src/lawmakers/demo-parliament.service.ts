import { Injectable } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../config/root.js';
import { ImportPreviewsService } from './import-previews.service.js';
import { ImportsService } from './imports.service.js';
import { ImportRequest } from './lawmakers.schema.js';
import { LegislaturesService } from './legislatures.service.js';

const legislature = 'demo-meridia';

/** The Assembly of Meridia, which exists nowhere: forty people to try letters on, all at addresses nobody can own. */
@Injectable()
export class DemoParliament {
  constructor(
    private readonly legislatures: LegislaturesService,
    private readonly previews: ImportPreviewsService,
    private readonly imports: ImportsService,
  ) {}

  /** Imports it once, through the way every file takes. @returns whether it was missing */
  async seed(): Promise<boolean> {
    const present = await this.legislatures.list();
    if (present.some(({ slug }) => slug === legislature)) return false;
    const bytes = await readFile(join(projectRoot, 'templates/campaigns/demo-parliament.csv'));
    // ISO 3166 keeps XA to XZ free for users: no country of the world.
    const request = ImportRequest.parse({ format: 'csv', legislature, name: 'Assembly of Meridia', country: 'XM' });
    const preview = await this.previews.preview([{ name: 'demo-parliament.csv', bytes }], request, 'system');
    await this.imports.apply(preview.id, 'system');
    return true;
  }
}
