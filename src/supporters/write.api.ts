import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NewWithdrawal } from '../signatures/rights.schema.js';
import { Asked } from '../signatures/signatures.schema.js';
import { Petitions } from '../petitions/petitions.service.js';
import { Signatures } from '../signatures/signatures.service.js';
import { Limits } from '../site/limits.service.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { SupporterLetters } from './supporter-letters.service.js';
import { digestOf, type OwnText, WriteDesks } from './write-desks.service.js';
import { OwnLetter, OwnLetterPreview, OwnLetterToSend, SentLetters, WriteOffer, WriteQuery } from './write.schema.js';

/** Writing to one's own lawmakers, for other front ends: the same rules and answers as the pages. The token is in her mailbox. */
@ApiTags('supporters')
@Public()
@Controller('api/v1')
export class WriteApi {
  constructor(
    private readonly desks: WriteDesks,
    private readonly letters: SupporterLetters,
    private readonly signatures: Signatures,
    private readonly petitions: Petitions,
    private readonly limits: Limits,
  ) {}

  /** Sends a link to write with, if the address has signed. The answer is always the same. */
  @Post('petitions/:slug/writing-links')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: Asked })
  async ask(
    @Param('slug') slug: string,
    @Body({ schema: NewWithdrawal }) { email, locale }: NewWithdrawal,
    @Req() request: FastifyRequest,
  ) {
    this.limits.check('withdraw', request);
    await this.desks.requireOpen((await this.petitions.find(slug)).id);
    await this.signatures.askForRights('write', email, locale, slug);
    return { status: 'look-in-your-mailbox' };
  }

  /** Areas, and the lawmakers of one, to whom the holder of the link may write. */
  @Get('write/:token')
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: WriteOffer })
  async offer(@Param('token') token: string, @Query({ schema: WriteQuery }) { area, locale }: WriteQuery) {
    const desk = await this.desks.open(token);
    const { areas, area: found, lawmakers, byHand } = await this.desks.offer(desk, area, locale);
    const { campaign, name, left, leftToday } = desk;
    return {
      ...{ petition: campaign.petitionSlug!, name, digest: campaign.digest, left, leftToday },
      ...{ areas, area: found, lawmakers },
      byHand: byHand.map((text) => ({ ...textView(text), channel: text.channel })),
    };
  }

  /** Every letter to the last character; `seen` goes back with the request that sends them. */
  @Post('write/:token/previews')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: OwnLetterPreview })
  async preview(
    @Param('token') token: string,
    @Body({ schema: OwnLetter }) wanted: OwnLetter,
    @Req() request: FastifyRequest,
  ) {
    this.limits.check('confirm', request);
    const desk = await this.desks.open(token);
    const texts = await this.desks.texts(desk, wanted);
    if (texts.length === 0) throw nobodyChosen();
    return { digest: desk.campaign.digest, letters: texts.map(textView), seen: digestOf(texts) };
  }

  /** Sends what a preview has shown, once. 409: the letters are others by now, look again. */
  @Post('write/:token/letters')
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @ApiCreatedResponse({ standardSchema: SentLetters })
  async send(
    @Param('token') token: string,
    @Body({ schema: OwnLetterToSend }) { seen, locale, ...wanted }: OwnLetterToSend,
    @Req() request: FastifyRequest,
  ) {
    this.limits.check('confirm', request);
    const desk = await this.desks.open(token);
    if (!(await this.letters.send(token, wanted, seen, locale))) {
      if ((await this.desks.texts(desk, wanted)).length === 0) throw nobodyChosen();
      throw problems.refusal('preview-outdated');
    }
    return this.sentOf(desk.petitionId, desk.signatureId);
  }

  /** What became of the letters of the link's holder. */
  @Get('write/:token/letters')
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ standardSchema: SentLetters })
  async sent(@Param('token') token: string) {
    const { petitionId, signatureId } = await this.desks.open(token);
    return this.sentOf(petitionId, signatureId);
  }

  private async sentOf(petitionId: string, signatureId: string): Promise<SentLetters> {
    const letters = await this.letters.held(petitionId, signatureId);
    return SentLetters.parse({ letters });
  }
}

const nobodyChosen = () =>
  problems.invalid([{ field: 'lawmakers', code: 'required', message: 'Choose whom you write to.' }]);

const textView = ({ lawmaker, subject, text, locale }: OwnText) => ({
  ...{ lawmakerId: lawmaker.lawmakerId, to: lawmaker.name, contact: lawmaker.contactPoint!.value },
  ...{ locale, subject, text },
});
