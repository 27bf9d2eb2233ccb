import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageLocale } from './languages.js';
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

  /** @param route method and template of the address: what of it may be written down */
  inJson(error: unknown, url: string, route: string) {
    const problem = asProblem(error);
    if (problem.code === 'internal') this.writeDown(error, route);
    return {
      status: problem.getStatus(),
      headers: {
        ...(problem.retryAfter && { 'retry-after': String(problem.retryAfter) }),
        ...(problem.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
        'cache-control': 'no-store',
        'content-type': 'application/problem+json; charset=utf-8',
      },
      details: { ...problem.details, instance: url.split('?')[0] },
    };
  }

  /** Messages of database errors quote values, so only the kind and the place are written down. */
  private writeDown(error: unknown, route: string): void {
    const { name, code, stack } = error as { name?: string; code?: string; stack?: string };
    const place = stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6)
      .join('\n');
    this.log.error(`${route}: ${name} ${code ?? ''}\n${place}`);
  }

  async answer(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { status, headers, details } = this.inJson(
      error,
      request.url,
      `${request.method} ${request.routeOptions?.url ?? '?'}`,
    );
    if (reply.sent) return;
    reply.headers(headers).status(status);
    if (wantsJson(request.url)) {
      reply.send(details);
      return;
    }
    const locale = pageLocale(request.url.split('/')[1] ?? '');
    reply.type('text/html; charset=utf-8').send(await this.pages.render('problem', locale, { problem: details }));
  }
}

const wantsJson = (url: string) => url.startsWith('/api/') || url.startsWith('/health/') || url.includes('.json');
