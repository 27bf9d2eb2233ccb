import { Body, Controller, Header, HttpCode, type OnModuleInit, Param, Post, Put, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { FastLane, type Visitor } from '../site/fast-lane.js';
import { Limits } from '../site/limits.service.js';
import { Pressure } from '../site/pressure.js';
import { problems } from '../site/problem.js';
import { ProofOfWork } from '../site/proof-of-work.service.js';
import { Public } from '../staff/access.js';
import {
  Asked,
  Confirmed,
  ConfirmedWithCode,
  Confirming,
  NewSignatureWithProof,
  OwnWords,
} from './signatures.schema.js';
import { Signatures } from './signatures.service.js';

const asked = { status: 'look-in-your-mailbox' };

@ApiTags('signatures')
@Public()
@Controller('api/v1')
export class SignaturesApi implements OnModuleInit {
  constructor(
    private readonly signatures: Signatures,
    private readonly limits: Limits,
    private readonly pressure: Pressure,
    private readonly proofs: ProofOfWork,
    private readonly lane: FastLane,
  ) {}

  /** A campaign that is on television: these two come by the thousand. */
  onModuleInit(): void {
    const { lane } = this;
    lane.open('POST', '/api/v1/petitions/:slug/signatures', 202, NewSignatureWithProof, this.ask.bind(this));
    lane.open('PUT', '/api/v1/confirmations/:token', 200, Confirming, this.confirm.bind(this));
  }

  /** Sends the confirmation mail. The answer is the same for a new, a known and a limited address. */
  @Post('petitions/:slug/signatures')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: Asked })
  async ask(
    @Param('slug') slug: string,
    @Body({ schema: NewSignatureWithProof }) { proof, ...body }: NewSignatureWithProof,
    @Req() visitor: Visitor,
  ) {
    this.limits.check('sign', visitor);
    if ((await this.pressure.isOn(slug)) && !(await this.proofs.accepts(slug, proof))) {
      throw problems.proofNeeded(await this.proofs.challenge(slug));
    }
    await this.signatures.ask(slug, body, 'api');
    return asked;
  }

  /** Counts the signature behind the link; again is the same. */
  @Put('confirmations/:token')
  @ApiOkResponse({ standardSchema: ConfirmedWithCode })
  async confirm(
    @Param('token') token: string,
    @Body({ schema: Confirming }) { codeHash }: Confirming,
    @Req() visitor: Visitor,
  ): Promise<ConfirmedWithCode> {
    this.limits.check('confirm', visitor);
    const { petition, code } = await this.signatures.confirm(
      token,
      codeHash === null ? null : Buffer.from(codeHash, 'hex'),
      !this.limits.allowsFrom('confirm-network', visitor),
    );
    return { status: 'signed', petition: petition.slug, code };
  }

  /**
   * For her alone, who holds the link: the proof that her entry is in the log or, until it is, a signed promise. From the
   * promise on nobody can keep the entry from the log.
   */
  @Post('confirmations/:token/receipt')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOkResponse({
    description:
      'tlog-proof (c2sp.org/tlog-proof), or a signed note "petition-promise/v1" with a time in seconds since 1970',
    content: { 'application/octet-stream': {} },
  })
  receipt(@Param('token') token: string, @Req() visitor: Visitor) {
    this.limits.check('confirm', visitor);
    return this.signatures.receipt(token);
  }

  @Put('confirmations/:token/words')
  @ApiOkResponse({ standardSchema: Confirmed })
  async addWords(
    @Param('token') token: string,
    @Body({ schema: OwnWords }) { words }: OwnWords,
    @Req() visitor: Visitor,
  ): Promise<Confirmed> {
    this.limits.check('confirm', visitor);
    return { status: 'signed', petition: (await this.signatures.addWords(token, words)).slug };
  }
}
