import { Controller, Get, Header, Inject } from '@nestjs/common';
import { access, constants } from 'node:fs/promises';
import { SETTINGS, type Settings } from '../config/settings.js';
import { RelayStates } from '../mail/relay-states.service.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';

@Public()
@Controller('health')
export class HealthApi {
  constructor(
    private readonly relays: RelayStates,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** The process answers. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live() {
    return { status: 'live' };
  }

  /**
   * The process can do its work: the database answers and the data folder can be written. How many mail servers are open and
   * how many paused is told besides: pages can be shown while mail waits. Which ones, and why, is told to staff.
   */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready() {
    try {
      // It reads the database.
      const states = (await this.relays.list()).map(({ state }) => state);
      await access(this.settings.DATA_DIR, constants.W_OK);
      const paused = states.filter((state) => state === 'paused').length;
      return { status: 'ready', relays: { open: states.length - paused, paused } };
    } catch {
      throw problems.unavailable();
    }
  }
}
