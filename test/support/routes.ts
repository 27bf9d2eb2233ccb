import { RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS, type Access } from '../../src/staff/access.js';
import type { TestApp } from './app.js';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  access: Access;
}

/** Every route the application has, read from the controllers themselves: a new one cannot be forgotten here. */
export function allRoutes(app: TestApp): Route[] {
  const discovery = app.nest.get(DiscoveryService, { strict: false });
  const scanner = new MetadataScanner();
  const reflector = new Reflector();
  const join = (...parts: string[]) => `/${parts.join('/')}`.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return discovery.getControllers().flatMap(({ metatype, instance }) =>
    scanner.getAllMethodNames(Object.getPrototypeOf(instance)).flatMap((name) => {
      const handler = (instance as Record<string, () => void>)[name]!;
      const path = Reflect.getMetadata('path', handler) as string | undefined;
      if (path === undefined) return [];
      const prefixes = [Reflect.getMetadata('path', metatype!) as string | string[]].flat();
      const method = RequestMethod[Reflect.getMetadata('method', handler) as number] as Route['method'];
      const access = reflector.getAllAndOverride<Access>(ACCESS, [handler, metatype!]);
      return prefixes.map((prefix) => ({ method, url: join(prefix, path), access }));
    }),
  );
}
