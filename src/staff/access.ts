import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Everything a member of staff may be allowed to do. */
export const rights = [
  'console:read',
  'petitions:write',
  'petitions:moderate',
  'paper:count',
  'signatures:moderate',
  'lawmakers:write',
  'letters:compose',
  'letters:send',
  'exports:counts',
  'exports:persons',
  // Of an organisation one acts for.
  'exports:organisation',
  'organisations:manage',
  'mail:manage',
  'switches:turn',
  'appearance:write',
  'staff:manage',
  'audit:read',
] as const;
export type Right = (typeof rights)[number];

const viewer: Right[] = ['console:read', 'exports:counts', 'exports:organisation'];
export const roles = {
  viewer,
  organiser: [...viewer, 'petitions:write', 'paper:count', 'lawmakers:write', 'letters:compose'],
  approver: [...viewer, 'petitions:moderate', 'paper:count', 'signatures:moderate', 'letters:send', 'switches:turn'],
  admin: [...rights],
} satisfies Record<string, Right[]>;
export type Role = keyof typeof roles;

/** Who acts: a signed-in member of staff, or a program with her token. */
export interface Actor {
  kind: 'staff' | 'token';
  id: string;
  name: string;
  rights: readonly Right[];
}

export const ACCESS = 'access';
export type Access = { public: true } | { right: Right };

/** A route for everybody. */
export const Public = () => SetMetadata<string, Access>(ACCESS, { public: true });
/** A route for staff with this right. Every route carries one of the two; the application does not start otherwise. */
export const Needs = (right: Right) => SetMetadata<string, Access>(ACCESS, { right });

/** The person or program that acts; only on routes with `@Needs`. */
export const Actor = createParamDecorator(
  (_: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest & { actor: Actor }>().actor,
);
