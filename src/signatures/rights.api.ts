import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Put, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Limits } from '../site/limits.service.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { MyData } from './my-data.service.js';
import { News } from './news.service.js';
import { Erased, HeldData, NewWithdrawal, SignerCode, Withdrawn } from './rights.schema.js';
import { Rights } from './rights.service.js';
import { Asked } from './signatures.schema.js';
import { Signatures } from './signatures.service.js';
import { isTopic } from './topics.js';

const asked = { status: 'look-in-your-mailbox' };

@ApiTags('signatures')
@Public()
@Controller('api/v1')
export class RightsApi {
  constructor(
    private readonly signatures: Signatures,
    private readonly rights: Rights,
    private readonly myData: MyData,
    private readonly news: News,
    private readonly limits: Limits,
  ) {}

  /** Takes the name back with the link that confirmed it. */
  @Delete('confirmations/:token')
  @ApiOkResponse({ standardSchema: Withdrawn })
  async takeBack(@Param('token') token: string, @Req() request: FastifyRequest): Promise<Withdrawn> {
    this.limits.check('confirm', request);
    return { status: 'withdrawn', petition: (await this.rights.withdraw('confirm', token)).slug };
  }

  /** Sends a link that withdraws or erases, if the address has signed. The answer is always the same. */
  @Post('petitions/:slug/withdrawals')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: Asked })
  async askWithdrawal(
    @Param('slug') slug: string,
    @Body({ schema: NewWithdrawal }) { email, locale }: NewWithdrawal,
    @Req() request: FastifyRequest,
  ) {
    this.limits.check('withdraw', request);
    await this.signatures.askForRights('withdraw', email, locale, slug);
    return asked;
  }

  /** Takes the name back with the code that only the signer has. */
  @Post('petitions/:slug/withdrawals/by-code')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Withdrawn })
  async withdrawByCode(
    @Param('slug') slug: string,
    @Body({ schema: SignerCode }) { code }: SignerCode,
    @Req() request: FastifyRequest,
  ): Promise<Withdrawn> {
    this.limits.check('code', request);
    return { status: 'withdrawn', petition: (await this.rights.withdrawByCode(slug, code)).slug };
  }

  @Put('withdrawals/:token')
  @ApiOkResponse({ standardSchema: Withdrawn })
  async withdraw(@Param('token') token: string, @Req() request: FastifyRequest): Promise<Withdrawn> {
    this.limits.check('confirm', request);
    return { status: 'withdrawn', petition: (await this.rights.withdraw('withdraw', token)).slug };
  }

  /** Forgets who signed, with the link of a withdrawal; the signature stays counted. */
  @Put('withdrawals/:token/erasure')
  @ApiOkResponse({ standardSchema: Erased })
  async erase(@Param('token') token: string, @Req() request: FastifyRequest): Promise<Erased> {
    this.limits.check('confirm', request);
    return { status: 'erased', petition: (await this.rights.erase('withdraw', token)).slug };
  }

  /** Sends a link to everything that is held about the address, if there is anything. The answer is always the same. */
  @Post('my-data')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: Asked })
  async askForData(@Body({ schema: NewWithdrawal }) { email, locale }: NewWithdrawal, @Req() request: FastifyRequest) {
    this.limits.check('withdraw', request);
    await this.signatures.askForRights('my-data', email, locale);
    return asked;
  }

  /** Everything that is held about the address of the link. */
  @Get('my-data/:token')
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: HeldData })
  held(@Param('token') token: string, @Req() request: FastifyRequest) {
    this.limits.check('confirm', request);
    return this.myData.held(token);
  }

  /** Takes back one thing that was agreed to, such as news; the signature stays. Twice is once. */
  @Delete('my-data/:token/:slug/agreements/:topic')
  @HttpCode(204)
  async takeBackOne(
    @Param('token') token: string,
    @Param('slug') slug: string,
    @Param('topic') topic: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    this.limits.check('confirm', request);
    if (!isTopic(topic)) throw problems.notFound('There is no such agreement.');
    await this.news.takeBackByLink(token, slug, topic);
  }
}
