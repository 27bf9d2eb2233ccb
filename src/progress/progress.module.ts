import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LongWork } from './long-work.entity.js';
import { LongWorks } from './long-works.service.js';
import { ProgressApi } from './progress.api.js';
import { ProgressConsole } from './progress.console.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([LongWork])],
  providers: [LongWorks],
  controllers: [ProgressApi, ProgressConsole],
  exports: [LongWorks],
})
export class ProgressModule {}
