import { Injectable } from '@nestjs/common';
import { News } from '../signatures/news.service.js';
import { isOut } from './update-states.js';
import { UpdateSending } from './update-sending.service.js';
import { updateRecord } from './update-views.js';
import type { UpdateRecord } from './updates.schema.js';
import { topicOf, Updates, type WrittenUpdate } from './updates.service.js';

/** Updates as staff sees them: the words, what became of the mails, how many would get it. */
@Injectable()
export class UpdateRecords {
  constructor(
    private readonly updates: Updates,
    private readonly sending: UpdateSending,
    private readonly news: News,
  ) {}

  async list(slug: string): Promise<UpdateRecord[]> {
    return Promise.all((await this.updates.list(slug)).map((update) => this.record(update)));
  }

  /** @throws Problem not-found */
  async one(slug: string, id: string): Promise<UpdateRecord> {
    return this.record(await this.updates.find(slug, id));
  }

  private async record(update: WrittenUpdate): Promise<UpdateRecord> {
    const before = !isOut(update.state) && update.state !== 'stopped';
    const [figures, audience] = await Promise.all([
      this.sending.figures(update),
      before ? this.news.audience(update.petitionId, topicOf(update)) : null,
    ]);
    return updateRecord(update, figures, audience);
  }
}
