import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LawmakersModule } from '../lawmakers/lawmakers.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { Approval } from './approval.entity.js';
import { Approvals } from './approvals.service.js';
import { BundledLetters } from './bundled-letters.service.js';
import { Dispatch } from './dispatch.service.js';
import { LetterAnswersApi } from './letter-answers.api.js';
import { LetterAnswersConsole } from './letter-answers.console.js';
import { LetterAnswersPages } from './letter-answers.pages.js';
import { LetterAnswers } from './letter-answers.service.js';
import { LetterCampaign } from './letter-campaign.entity.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterChecklistApi } from './letter-checklist.api.js';
import { LetterChecklistConsole } from './letter-checklist.console.js';
import { LetterChecklist } from './letter-checklist.service.js';
import { LetterDrafts } from './letter-drafts.service.js';
import { LetterFailures } from './letter-failures.service.js';
import { LetterFiguresApi } from './letter-figures.api.js';
import { LetterFiguresConsole } from './letter-figures.console.js';
import { LetterPaces } from './letter-paces.service.js';
import { LetterPages } from './letter-pages.service.js';
import { LetterPartsConsole } from './letter-parts.console.js';
import { LetterParts } from './letter-parts.service.js';
import { LetterPacePreviews } from './letter-plan-lines.js';
import { LetterPlans } from './letter-plans.service.js';
import { LetterStop } from './letter-stop.entity.js';
import { LetterPostscript } from './letter-postscript.entity.js';
import { LetterPostscripts } from './letter-postscripts.service.js';
import { LetterPreviews } from './letter-previews.service.js';
import { LetterReports } from './letter-report.service.js';
import { LetterTasks } from './letter-tasks.service.js';
import { LetterTests } from './letter-tests.service.js';
import { LetterText } from './letter-text.entity.js';
import { LetterVariant } from './letter-variant.entity.js';
import { LetterVariantPages } from './letter-variant-pages.service.js';
import { LetterVariantsConsole } from './letter-variants.console.js';
import { LetterVariants } from './letter-variants.service.js';
import { LetterWordingApi } from './letter-wording.api.js';
import { Letter } from './letter.entity.js';
import { LettersApi } from './letters.api.js';
import { LetterProgressConsole } from './letter-progress.console.js';
import { LetterProgress } from './letter-progress.service.js';
import { LettersConsole } from './letters.console.js';
import { LettersMails } from './letters.mails.js';
import { LettersRunner } from './letters.runner.js';
import { LettersSendingApi } from './letters-sending.api.js';
import { LettersSendingConsole } from './letters-sending.console.js';
import { LettersWritingConsole } from './letters-writing.console.js';
import { ReplyForwarding } from './reply-forwarding.js';
import { SavedAudience } from './saved-audience.entity.js';
import { SavedAudiencesApi } from './saved-audiences.api.js';
import { SavedAudiencesConsole } from './saved-audiences.console.js';
import { SavedAudiences } from './saved-audiences.service.js';
import { LetterAttachment } from './letter-attachment.entity.js';
import { LetterAttachmentsApi } from './letter-attachments.api.js';
import { LetterAttachmentsConsole } from './letter-attachments.console.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { OfficeHoursApi } from './office-hours.api.js';
import { OfficeHoursConsole } from './office-hours.console.js';
import { LegislatureOfficeHours } from './office-hours.service.js';
import { OfficeReports } from './office-report.service.js';
import { PublishedAnswers } from './published-answers.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([
      LetterCampaign,
      LetterText,
      LetterVariant,
      LetterPostscript,
      LetterStop,
      SavedAudience,
      LetterAttachment,
      Approval,
      Letter,
    ]),
    LawmakersModule,
    MailModule,
    PetitionsModule,
  ],
  providers: [
    LetterProgress,
    LetterCampaigns,
    LetterVariants,
    SavedAudiences,
    LetterAttachments,
    LetterVariantPages,
    LetterPostscripts,
    LetterPlans,
    LetterPaces,
    LetterPacePreviews,
    LetterParts,
    LetterPreviews,
    LetterDrafts,
    LetterTests,
    LetterTasks,
    LetterAnswers,
    LetterFailures,
    LetterChecklist,
    LetterReports,
    OfficeReports,
    LegislatureOfficeHours,
    PublishedAnswers,
    LetterPages,
    Approvals,
    Dispatch,
    BundledLetters,
    LettersMails,
    ReplyForwarding,
    LettersRunner,
  ],
  controllers: [
    LetterProgressConsole,
    LettersApi,
    LetterWordingApi,
    LettersSendingApi,
    LetterAttachmentsApi,
    LetterAttachmentsConsole,
    SavedAudiencesApi,
    SavedAudiencesConsole,
    LettersConsole,
    LettersWritingConsole,
    LetterVariantsConsole,
    LettersSendingConsole,
    LetterPartsConsole,
    LetterChecklistApi,
    LetterChecklistConsole,
    LetterFiguresApi,
    LetterFiguresConsole,
    OfficeHoursApi,
    OfficeHoursConsole,
    LetterAnswersApi,
    LetterAnswersConsole,
    LetterAnswersPages,
  ],
  exports: [
    BundledLetters,
    LetterChecklist,
    LetterCampaigns,
    LetterPaces,
    LetterPlans,
    LetterReports,
    LettersMails,
    Dispatch,
  ],
})
export class LettersModule {}
