import { Body, Controller, Param, Post, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Locale } from '../site/languages.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { Dispatch } from './dispatch.service.js';
import { Id } from './letter-params.js';
import { LetterTasks } from './letter-tasks.service.js';
import { LegislatureStop, LetterStop } from './pace.schema.js';

/** The buttons that stop the letters to one legislature, to one lawmaker, or one letter. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id')
export class LetterPartsConsole {
  constructor(
    private readonly dispatch: Dispatch,
    private readonly tasks: LetterTasks,
  ) {}

  @Needs('letters:send')
  @Post('part-stops')
  @Redirect()
  async legislature(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: LegislatureStop }) { verb, legislature }: LegislatureStop,
    @Actor() actor: Actor,
  ) {
    const done = await this.dispatch.stopPart(id, { legislature }, verb, actor);
    return next(`/${locale}/console/letters/${id}`, verb, done);
  }

  @Needs('letters:send')
  @Post('letters/:letterId/stop')
  @Redirect()
  async letter(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: LetterStop }) { verb }: LetterStop,
    @Actor() actor: Actor,
  ) {
    const { lawmakerId } = await this.tasks.find(id, letterId);
    const done = await this.dispatch.stopPart(id, { lawmakerId }, verb, actor);
    return next(`/${locale}/console/letters/${id}/letters/${letterId}`, verb, done);
  }

  /** Of the preview, where she has no letter yet. */
  @Needs('letters:send')
  @Post('previews/:lawmakerId/stop')
  @Redirect()
  async lawmaker(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('lawmakerId') lawmakerId: string,
    @Body({ schema: LetterStop }) { verb }: LetterStop,
    @Actor() actor: Actor,
  ) {
    const done = await this.dispatch.stopPart(id, { lawmakerId }, verb, actor);
    return next(`/${locale}/console/letters/${id}/previews/${lawmakerId}`, verb, done);
  }
}

/** Between the look and the click the letters may have left. */
const next = (page: string, verb: string, { mails, tasks, lasting }: Awaited<ReturnType<Dispatch['stopPart']>>) => ({
  url: `${page}?done=part-${mails + tasks > 0 || lasting ? verb : 'none'}`,
  statusCode: 303,
});
