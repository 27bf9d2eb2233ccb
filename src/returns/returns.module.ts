import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { MailModule } from '../mail/mail.module.js';
import { ImapFeed } from './imap-feed.js';
import { prepareReturns, ReturnsApi } from './returns.api.js';
import { Returns } from './returns.service.js';
import { SmtpReceiver } from './smtp-receiver.js';

@Module({
  imports: [MailModule],
  controllers: [ReturnsApi],
  providers: [Returns, SmtpReceiver, ImapFeed],
})
export class ReturnsModule {
  constructor({ httpAdapter }: HttpAdapterHost) {
    prepareReturns(httpAdapter.getInstance<FastifyInstance>());
  }
}
