import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Limits } from './limits.service.js';
import { Pages } from './pages.service.js';
import { ProblemFilter } from './problem.filter.js';

@Global()
@Module({
  providers: [Pages, Limits, { provide: APP_FILTER, useClass: ProblemFilter }],
  exports: [Pages, Limits],
})
export class SiteModule {}
