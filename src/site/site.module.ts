import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AnswerCache } from './answer-cache.js';
import { FastLane } from './fast-lane.js';
import { FormTokens } from './form-token.service.js';
import { Limits } from './limits.service.js';
import { Pages } from './pages.service.js';
import { Pressure } from './pressure.js';
import { ProofOfWork } from './proof-of-work.service.js';
import { ProblemFilter } from './problem.filter.js';

@Global()
@Module({
  providers: [
    AnswerCache,
    FastLane,
    Pages,
    Limits,
    FormTokens,
    Pressure,
    ProofOfWork,
    ProblemFilter,
    { provide: APP_FILTER, useExisting: ProblemFilter },
  ],
  exports: [AnswerCache, FastLane, Pages, Limits, FormTokens, Pressure, ProofOfWork, ProblemFilter],
})
export class SiteModule {}
