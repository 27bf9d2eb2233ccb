import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from '../staff/access.js';
import { FoundSignature, SignatureSearch } from './moderation.schema.js';
import { SignatureSearches } from './signature-search.service.js';

@ApiTags('moderation')
@Controller('api/v1/petitions/:slug/signatures')
export class SignatureSearchApi {
  constructor(private readonly searches: SignatureSearches) {}

  /** Whether an address has signed, by its keyed digest. Audited, and limited; nothing of the address is kept. */
  @Needs('signatures:moderate')
  @Post('search')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: FoundSignature })
  search(
    @Param('slug') slug: string,
    @Body({ schema: SignatureSearch }) { email }: SignatureSearch,
    @Actor() actor: Actor,
  ) {
    return this.searches.find(slug, email, actor);
  }
}
