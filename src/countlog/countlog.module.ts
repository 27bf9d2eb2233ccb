import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Counts } from './counts.service.js';
import { FullCheck } from './full-check.js';
import { LogQueueEntry } from './log-queue-entry.entity.js';
import { Log, LogBundle, LogCheckpoint, LogNote, LogPosition, LogTile } from './log.entity.js';
import { LogRound } from './log-round.js';
import { Logs } from './logs.service.js';
import { Proofs } from './proofs.service.js';
import { Publisher } from './publisher.js';
import { Sequencer } from './sequencer.js';
import { Tally } from './tally.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Log, LogBundle, LogCheckpoint, LogNote, LogPosition, LogQueueEntry, LogTile, Tally]),
  ],
  providers: [Sequencer, LogRound, Publisher, Logs, Counts, FullCheck, Proofs],
  exports: [Sequencer, LogRound, Publisher, Logs, Counts, FullCheck, Proofs],
})
export class CountlogModule {}
