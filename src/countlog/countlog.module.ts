import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Counts } from './counts.service.js';
import { LogQueueEntry } from './log-queue-entry.entity.js';
import { Sequencer } from './sequencer.js';
import { Tally } from './tally.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([LogQueueEntry, Tally])],
  providers: [Sequencer, Counts],
  exports: [Sequencer, Counts],
})
export class CountlogModule {}
