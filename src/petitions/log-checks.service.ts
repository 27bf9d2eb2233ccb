import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LongWorks, type Work } from '../progress/long-works.service.js';
import { problems } from '../site/problem.js';
import type { Actor, Right } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Petitions } from './petitions.service.js';

/** Full checks of the log of a petition, when somebody wants one now. */
@Injectable()
export class LogChecks {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly works: LongWorks,
    private readonly audit: AuditService,
  ) {}

  /** The worker does it. While one waits or runs, a second wish is that one. @returns its id @throws Problem wrong-state */
  async start(slug: string, actor: Actor): Promise<string> {
    const { id: petitionId, log } = await this.petitions.find(slug);
    if (log.size === 0) throw problems.refusal('nothing-logged');
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'log.check-started', subject: slug }),
    );
    return this.works.queue({
      ...{ kind: 'log-check', subject: slug, needs: 'console:read', actor },
      detail: { petitionId },
    });
  }

  /** The newest one, whatever became of it. */
  async last(slug: string, rights: readonly Right[]): Promise<Work | null> {
    const [work] = await this.works.list('log-check', rights, { subject: slug, most: 1 });
    return work ?? null;
  }
}
