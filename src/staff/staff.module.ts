import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessGuard } from './access.guard.js';
import { AccountConsole } from './account.console.js';
import { ApiToken } from './api-token.entity.js';
import { AuditApi } from './audit.api.js';
import { AuditConsole } from './audit.console.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditService } from './audit.service.js';
import { ConsoleEvents } from './console-events.js';
import { ConsoleContext } from './console-context.js';
import { EveryRouteHasAccess } from './every-route-has-access.js';
import { PasswordAttempts } from './password-attempts.js';
import { Reauthentication } from './reauthentication.js';
import { Session } from './session.entity.js';
import { Sessions } from './sessions.service.js';
import { SignInPages } from './sign-in.pages.js';
import { StaffApi } from './staff.api.js';
import { StaffConsole } from './staff.console.js';
import { StaffMember } from './staff-member.entity.js';
import { Staff } from './staff.service.js';
import { TokensApi } from './tokens.api.js';
import { Tokens } from './tokens.service.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([StaffMember, Session, ApiToken, AuditEntry]), DiscoveryModule],
  providers: [
    Staff,
    Sessions,
    Tokens,
    AuditService,
    ConsoleContext,
    ConsoleEvents,
    PasswordAttempts,
    Reauthentication,
    EveryRouteHasAccess,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  controllers: [SignInPages, AccountConsole, StaffConsole, AuditConsole, StaffApi, TokensApi, AuditApi],
  exports: [Staff, AuditService, ConsoleContext, ConsoleEvents],
})
export class StaffModule {}
