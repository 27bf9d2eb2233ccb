import { Logger } from '@nestjs/common';
import { readFileSync, statSync } from 'node:fs';

const freshFor = 60_000;

/** Addresses of Tor exits, from a file with one on each line (as check.torproject.org/torbulkexitlist is). */
export class TorExits {
  private readonly log = new Logger('Limits');
  private addresses = new Set<string>();
  private modified = 0;
  private lookedAt = 0;

  constructor(private readonly path: string | undefined) {}

  has(address: string): boolean {
    if (this.path && Date.now() - this.lookedAt > freshFor) this.look(this.path);
    return this.addresses.has(address);
  }

  private look(path: string): void {
    const first = this.lookedAt === 0;
    this.lookedAt = Date.now();
    try {
      const { mtimeMs } = statSync(path);
      if (mtimeMs === this.modified) return;
      this.addresses = new Set(readFileSync(path, 'utf8').split(/\s+/).filter(Boolean));
      this.modified = mtimeMs;
    } catch (error) {
      if (first) this.log.warn(`TOR_EXITS cannot be read: ${(error as NodeJS.ErrnoException).code}`);
    }
  }
}
