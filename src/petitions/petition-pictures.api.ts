import { Controller, Delete, Get, HttpCode, Param, Put, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { fieldErrors } from '../site/pipes.js';
import { pictureTypes } from '../site/pictures.js';
import { problems } from '../site/problem.js';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { pictureLimits, PictureView, PictureWords, readPictureWords } from './petition-picture.schema.js';
import { PetitionPictures } from './petition-pictures.service.js';
import { Petitions } from './petitions.service.js';

@ApiTags('petitions')
@Controller('api/v1/petitions/:slug/picture')
export class PetitionPicturesApi {
  constructor(
    private readonly petitions: Petitions,
    private readonly pictures: PetitionPictures,
  ) {}

  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: PictureView })
  async see(@Param('slug') slug: string) {
    const { id } = await this.petitions.findForStaff(slug);
    const picture = await this.pictures.of(slug, id);
    if (!picture) throw problems.notFound('This petition has no picture.');
    return picture;
  }

  /**
   * A PNG, JPEG or WebP of up to 400 KB and 2,400 pixels, told by its content and stripped of all metadata; as the first file of a
   * form, or as the body. `alt-<locale>` and `credit` are fields of the form, or of the query. Without a file the words change. Gives a
   * petition in review back.
   */
  @Needs('petitions:write')
  @Put()
  @ApiConsumes('multipart/form-data', ...pictureTypes)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: PictureView })
  async change(@Param('slug') slug: string, @Req() request: FastifyRequest, @Actor() actor: Actor) {
    const { fields, sources } = await readUpload(request, pictureLimits.bytes);
    const words = PictureWords.safeParse(readPictureWords(fields));
    if (!words.success) throw problems.invalid(fieldErrors(words.error.issues));
    await this.pictures.change(slug, sources[0]?.bytes ?? new Uint8Array(), words.data, actor);
    return this.see(slug);
  }

  @Needs('petitions:write')
  @Delete()
  @HttpCode(204)
  async remove(@Param('slug') slug: string, @Actor() actor: Actor) {
    await this.pictures.remove(slug, actor);
  }
}
