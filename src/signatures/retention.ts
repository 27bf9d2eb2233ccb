import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';
import { Signatures } from './signatures.service.js';

const hour = 3600_000;

/** Once an hour: old link keys go, and with them everything they sealed; remembered withdrawals go when no link needs them. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Retention');
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly vault: Vault,
    private readonly signatures: Signatures,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => void this.run().catch((error: Error) => this.log.error(`failed: ${error.name}`));
    this.timer = setInterval(run, hour).unref();
    run();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async run(): Promise<void> {
    this.vault.forgetOldKeys();
    await this.signatures.forget();
  }
}
