import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { AnswerView, NewAnswer, SeenAnswer } from './answers.schema.js';
import { LetterAnswers } from './letter-answers.service.js';
import { Id } from './letter-params.js';

@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id/letters/:letterId/answer')
export class LetterAnswersApi {
  constructor(private readonly answers: LetterAnswers) {}

  /** What the lawmaker answered. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: AnswerView })
  async one(@Id('id') id: string, @Id('letterId') letterId: string) {
    const answer = await this.answers.find(id, letterId);
    if (!answer) throw problems.notFound();
    return answer;
  }

  /** Records what the lawmaker answered, in place of what was recorded before, and takes that out of the public. */
  @Needs('letters:compose')
  @Put()
  @HttpCode(204)
  record(
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: NewAnswer }) answer: NewAnswer,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.answers.record(id, letterId, answer, actor);
  }

  @Needs('letters:compose')
  @Delete()
  @HttpCode(204)
  remove(@Id('id') id: string, @Id('letterId') letterId: string, @Actor() actor: Actor): Promise<void> {
    return this.answers.remove(id, letterId, actor);
  }

  /** Shows the answer to the public. Another person than the one who recorded it; `recordedAt` of the answer that was read. */
  @Needs('letters:send')
  @Put('publication')
  @HttpCode(204)
  publish(
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: SeenAnswer }) { recordedAt }: SeenAnswer,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.answers.publish(id, letterId, recordedAt, actor);
  }

  @Needs('letters:send')
  @Delete('publication')
  @HttpCode(204)
  unpublish(@Id('id') id: string, @Id('letterId') letterId: string, @Actor() actor: Actor): Promise<void> {
    return this.answers.unpublish(id, letterId, actor);
  }
}
