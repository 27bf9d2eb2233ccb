import { ConsoleLogger } from '@nestjs/common';

const chatty = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** The framework's notes about itself are for LOG_LEVEL=debug only. */
export class QuietLogger extends ConsoleLogger {
  override log(message: unknown, ...more: unknown[]): void {
    const context = more.at(-1) ?? this.context;
    if (this.isLevelEnabled('debug') || !chatty.has(String(context))) super.log(message, ...more);
  }
}
