import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { fieldErrors, uuid } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { sourceLimits } from './importers/source-file.js';
import { noteMessage } from './import-notes.js';
import { ImportPreviewsService } from './import-previews.service.js';
import { ImportUndo } from './import-undo.service.js';
import { ImportsService, type ImportView } from './imports.service.js';
import { ImportRequest, ImportRowFilter } from './lawmakers.schema.js';
import { ImportPreview, ImportReport, ImportRows, LawmakerImport } from './lawmakers.views.js';

const pageOfRows = 500;

@ApiTags('lawmakers')
@ApiBearerAuth()
@Controller('api/v1/lawmaker-imports')
export class LawmakerImportsApi {
  constructor(
    private readonly previews: ImportPreviewsService,
    private readonly imports: ImportsService,
    private readonly undos: ImportUndo,
  ) {}

  /**
   * Reads files and answers what they would change; nothing is changed before the preview is applied. As multipart form
   * (several files for openstates) or as a raw body with the fields in the query.
   */
  @Post()
  @Needs('lawmakers:write')
  @ApiConsumes('multipart/form-data', 'text/csv', 'application/json', 'application/yaml', 'application/xml')
  @ApiBody({ schema: { type: 'object', additionalProperties: true } })
  @ApiCreatedResponse({ standardSchema: ImportPreview })
  async preview(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Actor() actor: Actor,
  ) {
    const { fields, sources } = await readUpload(request, sourceLimits.bytes);
    const asked = ImportRequest.safeParse(fields);
    if (!asked.success) throw problems.invalid(fieldErrors(asked.error.issues));
    const found = await this.previews.preview(sources, asked.data, actor);
    reply.header('location', `/api/v1/lawmaker-imports/${found.id}`);
    return this.withDetails(found);
  }

  @Get(':id')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: ImportPreview })
  async one(@Param('id', uuid) id: string) {
    return this.withDetails(await this.imports.find(id));
  }

  /** What changes, a page at a time: give the last `position` as `after`. */
  @Get(':id/rows')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: ImportRows })
  async rows(
    @Param('id', uuid) id: string,
    @Query({ schema: ImportRowFilter }) { change, after }: ImportRowFilter,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.imports.find(id);
    const rows = await this.imports.rows(id, change ?? null, after, pageOfRows + 1);
    if (rows.length > pageOfRows) linkNext(reply, 'after', rows[pageOfRows - 1]!.position);
    return { rows: rows.slice(0, pageOfRows) };
  }

  /** Every rejected row and every repair, with file, line and reason. */
  @Get(':id/report')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: ImportReport })
  async report(@Param('id', uuid) id: string) {
    return { report: await this.reportOf(id) };
  }

  /** Applies the preview. Refused once another import of the legislature has been applied since. */
  @Post(':id/application')
  @Needs('lawmakers:write')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: LawmakerImport })
  apply(@Param('id', uuid) id: string, @Actor() actor: Actor) {
    return this.imports.apply(id, actor);
  }

  /** Previews the way back to before an applied import. It takes effect when that preview is applied. */
  @Post(':id/undoing')
  @Needs('lawmakers:write')
  @ApiCreatedResponse({ standardSchema: LawmakerImport })
  undo(@Param('id', uuid) id: string, @Actor() actor: Actor) {
    return this.undos.prepare(id, actor);
  }

  @Delete(':id')
  @Needs('lawmakers:write')
  @HttpCode(204)
  async discard(@Param('id', uuid) id: string, @Actor() actor: Actor) {
    await this.imports.discard(id, actor);
  }

  private async withDetails(found: ImportView) {
    return {
      ...found,
      rows: await this.imports.rows(found.id, null, -1, pageOfRows),
      report: await this.reportOf(found.id),
    };
  }

  private async reportOf(id: string) {
    const notes = await this.imports.report(id);
    return notes.map((note) => ({ ...note, message: noteMessage('en', note) }));
  }
}
