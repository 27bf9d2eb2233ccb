import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { FormTokens } from './form-token.service.js';
import { Limits } from './limits.service.js';
import { Pages } from './pages.service.js';
import { ProblemFilter } from './problem.filter.js';

@Global()
@Module({
  providers: [Pages, Limits, FormTokens, ProblemFilter, { provide: APP_FILTER, useExisting: ProblemFilter }],
  exports: [Pages, Limits, FormTokens],
})
export class SiteModule {}
