import { Controller, Get, Header, Inject } from '@nestjs/common';
import { access, constants } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Problem } from '../site/problem.js';
import { Public } from '../staff/access.js';

@Public()
@Controller('health')
export class HealthApi {
  constructor(
    private readonly database: DataSource,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** The process answers. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live() {
    return { status: 'live' };
  }

  /** The process can do its work: the database answers and the data folder can be written. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready() {
    try {
      await this.database.query('SELECT 1');
      await access(this.settings.DATA_DIR, constants.W_OK);
    } catch {
      throw new Problem('unavailable');
    }
    return { status: 'ready' };
  }
}
