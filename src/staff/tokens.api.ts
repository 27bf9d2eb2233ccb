import { Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from './access.js';
import { TokenList } from './staff.schema.js';
import { ownerOf, Tokens } from './tokens.service.js';

/** Tokens of the member of staff behind the token that asks. New ones are made in the console only. */
@ApiTags('staff')
@ApiBearerAuth()
@Needs('console:read')
@Controller('api/v1/tokens')
export class TokensApi {
  constructor(private readonly tokens: Tokens) {}

  @Get()
  @ApiOkResponse({ standardSchema: TokenList })
  async list(@Actor() actor: Actor) {
    const tokens = await this.tokens.list(ownerOf(actor));
    return {
      tokens: tokens.map(({ id, name, scopes, expiresAt, lastUsedOn }) => ({
        ...{ id, name, scopes, lastUsedOn },
        expiresAt: expiresAt.toISOString(),
      })),
    };
  }

  @Delete(':id')
  @HttpCode(204)
  async revoke(@Param('id', ParseUUIDPipe) id: string, @Actor() actor: Actor) {
    await this.tokens.revoke(id, actor);
  }
}
