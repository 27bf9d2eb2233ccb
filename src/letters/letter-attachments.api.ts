import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { sendAttachment } from './attachment-answer.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id } from './letter-params.js';
import { campaignView } from './letter-views.js';
import { LetterCampaignView } from './letters.schema.js';

/** Files that go with every letter of a campaign. Any change voids an approval. */
@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id/attachments')
export class LetterAttachmentsApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly attachments: LetterAttachments,
  ) {}

  /** PDF, PNG, JPEG or plain text, told by the content: as the first file of a form, or as the body with its name as `filename` in the query. */
  @Needs('letters:compose')
  @Post()
  @ApiConsumes('multipart/form-data', 'application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiCreatedResponse({ standardSchema: LetterCampaignView })
  async add(@Id('id') id: string, @Req() request: FastifyRequest, @Actor() actor: Actor) {
    const { sources } = await readUpload(request, this.attachments.limits.file);
    await this.attachments.add(id, sources[0]?.name ?? '', Buffer.from(sources[0]?.bytes ?? []), actor);
    return campaignView(await this.campaigns.find(id));
  }

  /** The bytes, to be saved and not shown. */
  @Needs('console:read')
  @Get(':attachmentId')
  async one(
    @Id('id') id: string,
    @Id('attachmentId') attachmentId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendAttachment(await this.attachments.find(id, attachmentId), reply);
  }

  @Needs('letters:compose')
  @Delete(':attachmentId')
  @HttpCode(204)
  async remove(@Id('id') id: string, @Id('attachmentId') attachmentId: string, @Actor() actor: Actor): Promise<void> {
    await this.attachments.remove(id, attachmentId, actor);
  }
}
