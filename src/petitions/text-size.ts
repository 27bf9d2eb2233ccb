import type { FastifyInstance } from 'fastify';

/** A whole text in Persian or Arabic takes six bytes a letter in a form. */
const bytes = 512 * 1024;

const routes =
  /^(\/:locale\/console\/petitions(\/preview|\/:slug\/texts\/:language)?|\/api\/v1\/petitions(\/:slug\/texts\/:locale)?)$/;

/** Lets the words of a petition be larger than other bodies. */
export function makeRoomForTexts(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (routes.test(route.url)) route.bodyLimit = bytes;
  });
}
