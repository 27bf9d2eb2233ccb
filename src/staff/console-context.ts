import { Injectable } from '@nestjs/common';
@Injectable()
export class ConsoleContext {
  context(_r: unknown): Record<string, unknown> {
    return { actor: { name: 'x', rights: [] }, csrf: '' };
  }
}
