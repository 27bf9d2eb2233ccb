import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { describeApi } from '../src/openapi.js';
import { startApp } from './support/app.js';

test('docs/openapi.json is what the application says of itself (npm run openapi writes it anew)', async () => {
  const app = await startApp();
  try {
    const described = describeApi(app.nest);
    expect(readFileSync(join(projectRoot, 'docs/openapi.json'), 'utf8')).toBe(described);
    const { openapi, paths } = JSON.parse(described) as {
      openapi: string;
      paths: Record<string, Record<string, object>>;
    };
    expect(openapi).toBe('3.1.0');
    expect(paths['/api/v1/petitions/{slug}/signatures']?.post).toMatchObject({
      requestBody: { required: true },
      responses: { 202: { content: { 'application/json': expect.anything() } } },
    });
  } finally {
    await app.close();
  }
});
