import { Injectable, Global, Module } from '@nestjs/common';
@Injectable()
export class AuditService {
  async record(_tx: unknown, _entry: unknown): Promise<void> {}
}
