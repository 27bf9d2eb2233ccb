import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CountlogModule } from '../countlog/countlog.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { Belongings } from './belongings.js';
import { Consent } from './consent.entity.js';
import { Consents } from './consents.service.js';
import { Flag } from './flag.entity.js';
import { FunnelRow } from './funnel.entity.js';
import { Funnel } from './funnel.service.js';
import { Suspicion } from './suspicion.js';
import { EntrySearch } from './entry-search.service.js';
import { ErasureJournal } from './erasure-journal.js';
import { News } from './news.service.js';
import { MyData } from './my-data.service.js';
import { RightsApi } from './rights.api.js';
import { RightsPages } from './rights.pages.js';
import { Rights } from './rights.service.js';
import { SealedLinks } from './sealed-links.js';
import { RecentNames } from './recent-names.service.js';
import { Retention } from './retention.js';
import { RollForward } from './roll-forward.js';
import { Signature } from './signature.entity.js';
import { SignaturesApi } from './signatures.api.js';
import { SignaturesMails } from './signatures.mails.js';
import { SignaturesPages } from './signatures.pages.js';
import { Signatures } from './signatures.service.js';
import { Withdrawal } from './withdrawal.entity.js';

@Module({
  imports: [
    CountlogModule,
    TypeOrmModule.forFeature([Consent, Flag, FunnelRow, Signature, Withdrawal]),
    PetitionsModule,
    MailModule,
  ],
  providers: [
    Belongings,
    EntrySearch,
    ErasureJournal,
    MyData,
    News,
    Rights,
    SealedLinks,
    Signatures,
    SignaturesMails,
    Consents,
    Funnel,
    RecentNames,
    Retention,
    RollForward,
    Suspicion,
  ],
  controllers: [SignaturesApi, SignaturesPages, RightsApi, RightsPages],
  exports: [Belongings, Consents, Funnel, News, SealedLinks, Signatures],
})
export class SignaturesModule {}
