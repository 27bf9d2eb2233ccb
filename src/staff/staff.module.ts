import { Global, Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { ConsoleContext } from './console-context.js';
@Global()
@Module({ providers: [AuditService, ConsoleContext], exports: [AuditService, ConsoleContext] })
export class StaffModule {}
