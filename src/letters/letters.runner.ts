import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { finalStates } from '../mail/mail-states.js';
import { AuditService } from '../staff/audit.service.js';
import { isOpenTask } from './campaign-states.js';
import { moveTo } from './approvals.service.js';
import { Dispatch } from './dispatch.service.js';
import { lockCampaign } from './letter-campaigns.service.js';

const everySeconds = 5;

/** Goes on with what a stopped process left half planned, and finishes campaigns whose last letter has its answer. */
@Injectable()
export class LettersRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Letters');
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly dispatch: Dispatch,
    private readonly audit: AuditService,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () =>
      this.tick().catch((error: Error) => this.log.error(`letters cannot be planned or finished: ${error.name}`));
    this.timer = setInterval(() => void run(), everySeconds * 1000).unref();
    void run();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** One round; resolves when planning that it took up has ended too. */
  async tick(): Promise<void> {
    const campaigns: { id: string; planned: boolean }[] = await this.database.query(
      `SELECT id, planned_at IS NOT NULL AS planned FROM letter_campaigns WHERE state = 'dispatching'`,
    );
    for (const { id, planned } of campaigns) {
      if (!planned) {
        this.dispatch.goOn(id);
        await this.dispatch.planned(id);
      }
      await this.finish(id);
    }
  }

  /** dispatching -> finished, once every mail has its final answer and every task is done. A doubt keeps it open. */
  private async finish(id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [{ open }] = await tx.query(
        `SELECT EXISTS (SELECT FROM letters WHERE campaign_id = $1 AND ${isOpenTask})
             OR EXISTS (SELECT FROM outbox WHERE campaign_id = $1 AND kind IN ('letter', 'supporter-letter', 'supporter-digest')
                        AND state <> ALL ($2))
             OR EXISTS (SELECT FROM letter_campaigns WHERE id = $1 AND mode = 'supporters' AND not_after > now()) AS open`,
        [id, finalStates],
      );
      if (open) return;
      const campaign = await lockCampaign(tx, id);
      if (campaign.state !== 'dispatching' || !campaign.plannedAt) return;
      await moveTo(tx, id, 'finished');
      await this.audit.record(tx, { actor: 'system', action: 'letter-campaign.finished', subject: id });
    });
  }
}
