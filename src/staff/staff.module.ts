import { Global, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessGuard } from './access.guard.js';
import { AccountConsole } from './account.console.js';
import { ApiToken } from './api-token.entity.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditApi } from './audit.api.js';
import { AuditConsole } from './audit.console.js';
import { AuditService } from './audit.service.js';
import { Authenticator } from './authenticator.entity.js';
import { ConsoleEvents } from './console-events.js';
import { ConsoleContext } from './console-context.js';
import { EveryRouteHasAccess } from './every-route-has-access.js';
import { Idempotency } from './idempotency.js';
import { KeptAnswer } from './kept-answer.entity.js';
import { KeptAnswers } from './kept-answers.service.js';
import { Passkey } from './passkey.entity.js';
import { Passkeys } from './passkeys.service.js';
import { PasswordAttempts } from './password-attempts.js';
import { Provider } from './provider.service.js';
import { ProviderPages } from './provider.pages.js';
import { SignInPage } from './sign-in-page.js';
import { ProviderAccount } from './provider-account.entity.js';
import { Reauthentication } from './reauthentication.js';
import { RecoveryCode } from './recovery-code.entity.js';
import { SecondFactorConsole } from './second-factor.console.js';
import { SecondFactors } from './second-factors.service.js';
import { Session } from './session.entity.js';
import { Sessions } from './sessions.service.js';
import { SignInSteps } from './sign-in-steps.js';
import { SignInPages } from './sign-in.pages.js';
import { SignIns } from './sign-ins.service.js';
import { SpentChallenge } from './spent-challenge.entity.js';
import { StaffMember } from './staff-member.entity.js';
import { StaffRule } from './staff-rule.entity.js';
import { StaffRules } from './staff-rules.service.js';
import { StaffApi } from './staff.api.js';
import { StaffConsole } from './staff.console.js';
import { Staff } from './staff.service.js';
import { TokensApi } from './tokens.api.js';
import { Tokens } from './tokens.service.js';

const entities = [
  ...[StaffMember, Session, ApiToken, KeptAnswer, AuditEntry, StaffRule],
  ...[Authenticator, RecoveryCode, Passkey, SpentChallenge, ProviderAccount],
];

@Global()
@Module({
  imports: [TypeOrmModule.forFeature(entities), DiscoveryModule],
  providers: [
    Staff,
    StaffRules,
    SignIns,
    SignInSteps,
    SecondFactors,
    Passkeys,
    Provider,
    SignInPage,
    Sessions,
    Tokens,
    KeptAnswers,
    AuditService,
    ConsoleContext,
    ConsoleEvents,
    PasswordAttempts,
    Reauthentication,
    EveryRouteHasAccess,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: Idempotency },
  ],
  controllers: [
    SignInPages,
    ProviderPages,
    AccountConsole,
    SecondFactorConsole,
    StaffConsole,
    AuditConsole,
    StaffApi,
    TokensApi,
    AuditApi,
  ],
  exports: [Staff, AuditService, ConsoleContext, ConsoleEvents, KeptAnswers],
})
export class StaffModule {}
