import { Controller, Get, Header, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Proofs } from '../countlog/proofs.service.js';
import { Public } from '../staff/access.js';
import { Petitions } from './petitions.service.js';

const place = z.string().regex(/^(0|[1-9][0-9]{0,14})$/);

const ProofQuery = z.object({
  index: place.describe('of the entry, from 0').transform(Number),
  size: place
    .describe('of a published checkpoint, its number of entries; the newest if it is left out')
    .transform(Number)
    .optional(),
});
type ProofQuery = z.infer<typeof ProofQuery>;

@ApiTags('petitions')
@Public()
@Controller('api/v1/petitions')
export class ProofsApi {
  constructor(
    private readonly petitions: Petitions,
    private readonly proofs: Proofs,
  ) {}

  /**
   * The proof that an entry is in the public log. A convenience: whoever asks here tells the server which entry interests
   * her; the page /verify makes the same file without asking.
   */
  @Get(':slug/proof')
  @Header('access-control-allow-origin', '*')
  @ApiOkResponse({
    description: 'tlog-proof (c2sp.org/tlog-proof), the bytes of the entry in its line "extra"',
    content: { 'application/octet-stream': {} },
  })
  async proof(
    @Param('slug') slug: string,
    @Query({ schema: ProofQuery }) { index, size }: ProofQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { id } = await this.petitions.find(slug);
    const proof = await this.proofs.inclusion(id, index, size);
    reply
      .header('cache-control', size === undefined ? 'no-cache' : 'public, max-age=31536000, immutable')
      .header('content-disposition', `attachment; filename="${slug}-${index}.tlog-proof"`)
      .type('application/octet-stream')
      .send(proof);
  }
}
