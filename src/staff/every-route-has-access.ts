import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS } from './access.js';

/** A forgotten `@Public()` or `@Needs()` is found before the first request, not by the first thief. */
@Injectable()
export class EveryRouteHasAccess implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error naming the routes without access */
  onModuleInit(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype, instance }) =>
      this.scanner
        .getAllMethodNames(Object.getPrototypeOf(instance))
        .map((name) => ({
          name: `${metatype!.name}.${name}`,
          handler: (instance as Record<string, () => void>)[name]!,
        }))
        .filter(({ handler }) => Reflect.hasMetadata('path', handler))
        .filter(({ handler }) => !this.reflector.getAllAndOverride(ACCESS, [handler, metatype!]))
        .map(({ name }) => name),
    );
    if (open.length > 0) throw new Error(`Routes without @Public() or @Needs(): ${open.join(', ')}`);
  }
}
