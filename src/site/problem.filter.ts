import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { defaultLocale, isLocale } from './languages.js';
import { Pages } from './pages.service.js';
import { asProblem } from './problem.js';

/** The only place that turns errors into answers: RFC 9457 JSON for clients, a page for people. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('Problem');

  constructor(private readonly pages: Pages) {}

  catch(error: unknown, host: ArgumentsHost): Promise<void> {
    return this.answer(error, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  async answer(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const problem = asProblem(error);
    if (problem.code === 'internal') {
      // Messages of database errors quote values, so only the kind and the place are written down.
      const { name, code, stack } = error as { name?: string; code?: string; stack?: string };
      const place = stack
        ?.split('\n')
        .filter((line) => line.trimStart().startsWith('at '))
        .slice(0, 6)
        .join('\n');
      this.log.error(`${request.method} ${request.routeOptions?.url ?? '?'}: ${name} ${code ?? ''}\n${place}`);
    }
    if (reply.sent) return;
    if (problem.retryAfter) reply.header('retry-after', String(problem.retryAfter));
    if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
    reply.header('cache-control', 'no-store').status(problem.getStatus());
    if (wantsJson(request.url)) {
      reply.type('application/problem+json').send({ ...problem.details, instance: request.url.split('?')[0] });
      return;
    }
    const first = request.url.split('/')[1] ?? '';
    const locale = isLocale(first) ? first : defaultLocale;
    reply
      .type('text/html; charset=utf-8')
      .send(await this.pages.render('problem', locale, { problem: problem.details }));
  }
}

const wantsJson = (url: string) => url.startsWith('/api/') || url.startsWith('/health/') || url.includes('.json');
