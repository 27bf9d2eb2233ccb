import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApplication } from './application.js';
import { loadSettings } from './config/settings.js';

/** The OpenAPI 3.1 description of everything for programs (the JSON API, health, the built-in inbox), as JSON text with a stable order. */
export function describeApi(app: INestApplication): string {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Countersign')
    .setVersion('1')
    .setDescription(
      'Petitions, letters to lawmakers, counts that can be believed. Errors are RFC 9457 problems. Lists come in pages; the ' +
        'Link header (RFC 8288) has the next one. A POST with a token and an Idempotency-Key is done once within a day: sent ' +
        'again, it is answered the same; with another body it is 422, while the first is being worked on 409. Refusals are not kept, nor ' +
        'are files; uploads and routes for everybody take no key.',
    )
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.paths = Object.fromEntries(
    Object.entries(document.paths)
      .filter(([path]) => /^\/(api\/v1|health)\/|\.json$/.test(path))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Starts the application on an empty embedded database just to describe it. */
export async function openApiDocument(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  const app = await createApplication({ ...loadSettings({ DATA_DIR: folder, LOG_LEVEL: 'silent' }), runners: false });
  try {
    await app.init();
    return describeApi(app);
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
}
