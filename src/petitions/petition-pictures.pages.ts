import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../staff/access.js';
import { PetitionPictures } from './petition-pictures.service.js';
import { Petitions } from './petitions.service.js';

/** Pictures of petitions that everybody may see. The address has the digest of the content, so it can be kept for ever. */
@Public()
@ApiExcludeController()
@Controller('petition-pictures')
export class PetitionPicturesPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly pictures: PetitionPictures,
  ) {}

  @Get(':slug/:name')
  async file(
    @Param('slug') slug: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { type, bytes } = await this.pictures.file((await this.petitions.find(slug)).id, name);
    reply.headers({
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'public, max-age=31536000, immutable',
    });
    return new StreamableFile(bytes, { type, length: bytes.length });
  }
}
