import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS } from './access.js';
import { REAUTHENTICATED } from './reauthenticated.js';

type Handlers = Record<string, () => void>;

const methodOf = (handler: () => void) => Reflect.getMetadata('method', handler) as RequestMethod;

function refuse(routes: { name: string }[], why: string): void {
  if (routes.length > 0) throw new Error(`${why}: ${routes.map(({ name }) => name).join(', ')}`);
}

/** A forgotten `@Public()` or `@Needs()` is found before the first request, not by the first thief. */
@Injectable()
export class EveryRouteHasAccess implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error naming the routes that nobody guards, or that ask for a password in an address */
  onModuleInit(): void {
    const routes = this.discovery.getControllers().flatMap(({ metatype, instance }) =>
      this.scanner
        .getAllMethodNames(Object.getPrototypeOf(instance))
        .map((name) => ({ name: `${metatype!.name}.${name}`, handler: (instance as Handlers)[name]!, of: metatype! }))
        .filter(({ handler }) => Reflect.hasMetadata('path', handler)),
    );
    const says = (key: string, { handler, of }: (typeof routes)[number]) =>
      Boolean(this.reflector.getAllAndOverride(key, [handler, of]));
    refuse(
      routes.filter((route) => !says(ACCESS, route)),
      'Routes without @Public() or @Needs()',
    );
    refuse(
      routes.filter((route) => says(REAUTHENTICATED, route) && methodOf(route.handler) === RequestMethod.GET),
      'Routes with @Reauthenticated() that are no forms',
    );
  }
}
