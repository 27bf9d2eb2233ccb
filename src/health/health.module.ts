import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { HealthApi } from './health.api.js';

@Module({ imports: [MailModule], controllers: [HealthApi] })
export class HealthModule {}
