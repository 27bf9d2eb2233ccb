import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { UpdateSending } from './update-sending.service.js';

const everySeconds = 5;

/** Goes on with planning wherever it stopped, also in another process, and ends what is done. */
@Injectable()
export class UpdatesRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Updates');
  private timer?: NodeJS.Timeout;
  private running = false;
  private stopped = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sending: UpdateSending,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => this.tick().catch((error: Error) => this.log.error(`updates cannot be planned: ${error.name}`));
    this.timer = setInterval(() => void run(), everySeconds * 1000).unref();
    void run();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** One round, unless one is under way. */
  async tick(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      while (!this.stopped && (await this.sending.planNext()));
      await this.sending.finish();
    } finally {
      this.running = false;
    }
  }
}
