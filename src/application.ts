import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import etag from '@fastify/etag';
import multipart from '@fastify/multipart';
import fastifyStatic from '@fastify/static';
import { Logger, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mkdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AppModule } from './app.module.js';
import { projectRoot } from './config/root.js';
import type { Settings } from './config/settings.js';
import { AnswerCache } from './site/answer-cache.js';
import { FastLane } from './site/fast-lane.js';
import { validation } from './site/pipes.js';
import { ProblemFilter } from './site/problem.filter.js';
import { problems } from './site/problem.js';
import { QuietLogger } from './site/quiet-logger.js';
import { securityHeaders } from './site/security-headers.js';
import { trustedProxies } from './site/trusted-proxies.js';

const levels: LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug'];
const logLevels = (level: Exclude<Settings['LOG_LEVEL'], 'silent'>): LogLevel[] =>
  levels.slice(0, { error: 2, warn: 3, info: 4, debug: 5 }[level]);

/** The whole application behind Fastify, ready to listen or to be asked by tests. */
export async function createApplication(settings: Settings): Promise<NestFastifyApplication> {
  const headers = securityHeaders(settings.PUBLIC_URL);
  const adapter = new FastifyAdapter({
    bodyLimit: 64 * 1024,
    trustProxy: trustedProxies(settings),
    routerOptions: { maxParamLength: 700 },
    // Fastify's own request log holds addresses; what we log is in ProblemFilter.
    logger: false,
    forceCloseConnections: 'idle',
    // A connection that was busy when the server began to stop closes this soon after its answer.
    keepAliveTimeout: 5_000,
    // No hook stands before these: an address that cannot be read has no route.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      void app.get(ProblemFilter).answer(error, request, reply.headers(headers)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings), adapter, {
    logger:
      settings.LOG_LEVEL === 'silent'
        ? false
        : new QuietLogger({ logLevels: logLevels(settings.LOG_LEVEL), colors: process.stdout.isTTY }),
    abortOnError: false,
    bodyParser: true,
  });
  const { server } = adapter.getInstance();
  const [framework] = server.listeners('request') as [RequestListener];
  const open = () => server.listening;
  const lane = app.get(FastLane).before(framework, open);
  server.off('request', framework).on('request', app.get(AnswerCache).before(lane, open));
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  await app.register(compress, { global: true, threshold: 1024, encodings: ['br', 'gzip'] });
  await app.register(etag);
  await app.register(cookie);
  await app.register(multipart, {
    limits: {
      fieldSize: 16 * 1024,
      fieldNameSize: 100,
      fileSize: 20 * 1024 * 1024,
      files: 1000,
      fields: 50,
      parts: 1050,
    },
  });
  await app.register(fastifyStatic, {
    root: join(projectRoot, 'public'),
    prefix: '/assets/',
    decorateReply: false,
    immutable: true,
    maxAge: '365d',
    dotfiles: 'ignore',
    setHeaders: (reply, path) => {
      // The page in a frame of another site, and the script that makes the frame: both load from there.
      reply.header('cross-origin-resource-policy', 'cross-origin').header('access-control-allow-origin', '*');
      // Its address stands in other people's pages and cannot change with its content.
      if (path.endsWith('embed.js')) reply.header('cache-control', 'public, max-age=3600');
    },
  });
  // For whoever wants to recount with no script of ours in the way; better taken from somebody else.
  await app.register(fastifyStatic, {
    root: join(projectRoot, 'verifier'),
    prefix: '/verifier/',
    decorateReply: false,
    dotfiles: 'ignore',
    index: false,
    maxAge: '1h',
  });
  // The worker of the library that solves proofs of work, as it is: modules that import each other.
  await app.register(fastifyStatic, {
    root: join(createRequire(join(projectRoot, 'package.json')).resolve('altcha-lib'), '../../../esm/v2'),
    prefix: '/assets/altcha/',
    decorateReply: false,
    maxAge: '1h',
    dotfiles: 'ignore',
    index: false,
  });
  // The files of the count logs, for whoever wants to recount: all but the newest checkpoint stay as they are for ever.
  const logs = join(settings.DATA_DIR, 'log');
  await mkdir(logs, { recursive: true });
  await app.register(fastifyStatic, {
    root: logs,
    prefix: '/log/',
    decorateReply: false,
    dotfiles: 'ignore',
    index: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('access-control-allow-origin', '*');
      reply.header('content-type', path.endsWith('.json') ? 'application/json' : 'application/octet-stream');
      reply.header(
        'cache-control',
        /\/(checkpoint|log\.json)$/.test(path) ? 'no-cache' : 'public, max-age=31536000, immutable',
      );
    },
  });
  adapter
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      // No name holds it, and PostgreSQL cannot.
      done(request.url.includes('%00') ? problems.badRequest('The address holds a NUL character.') : undefined);
    })
    .addHook('preValidation', (request, _reply, done) => {
      if (request.body === null) request.body = {};
      done();
    });
  if (settings.LOG_LEVEL === 'debug') {
    const log = new Logger('Request');
    adapter.getInstance().addHook('onResponse', async (request, reply) => {
      // The template of the route, never the address: tokens and names stay out of the logs.
      const route = request.routeOptions.url ?? '?';
      log.debug(`${request.method} ${route} ${reply.statusCode} ${Math.round(reply.elapsedTime)} ms`);
    });
  }
  app.useGlobalPipes(validation());
  app.enableShutdownHooks();
  return app;
}
