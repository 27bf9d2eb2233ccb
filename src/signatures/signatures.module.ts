import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CountlogModule } from '../countlog/countlog.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { Consent } from './consent.entity.js';
import { Consents } from './consents.service.js';
import { Retention } from './retention.js';
import { Signature } from './signature.entity.js';
import { SignaturesApi } from './signatures.api.js';
import { SignaturesMails } from './signatures.mails.js';
import { SignaturesPages } from './signatures.pages.js';
import { Signatures } from './signatures.service.js';
import { Withdrawal } from './withdrawal.entity.js';

@Module({
  imports: [CountlogModule, TypeOrmModule.forFeature([Consent, Signature, Withdrawal]), PetitionsModule, MailModule],
  providers: [Signatures, SignaturesMails, Consents, Retention],
  controllers: [SignaturesApi, SignaturesPages],
  exports: [Signatures],
})
export class SignaturesModule {}
