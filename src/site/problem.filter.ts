import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { reasonInWords } from './error-words.js';
import { pageLocale } from './languages.js';
import { Pages } from './pages.service.js';
import { asProblem, type Problem } from './problem.js';
import { backInConsole, backInPublic, isOfConsole } from './problem-page.js';

/** What the layout of the console is given. */
type Console = Record<string, unknown>;

/** The only place that turns errors into answers: RFC 9457 JSON for clients, a page for people. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('Problem');
  private consoleOf: (request: FastifyRequest) => Promise<Console | null> = () => Promise.resolve(null);

  constructor(private readonly pages: Pages) {}

  catch(error: unknown, host: ArgumentsHost): Promise<void> {
    return this.answer(error, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  /** Who knows who is signed in. @param consoleOf what the layout of the console is given; null for everybody else */
  consoleBy(consoleOf: (request: FastifyRequest) => Promise<Console | null>): void {
    this.consoleOf = consoleOf;
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
    const problem = asProblem(error);
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
    reply.type('text/html; charset=utf-8').send(await this.page(problem, request));
  }

  private async page(problem: Problem, request: FastifyRequest): Promise<string> {
    const { code, reason } = problem;
    const locale = pageLocale(request.url.split('/')[1] ?? '');
    const console = isOfConsole(request.url) ? await this.whoLooks(problem, request) : null;
    const isPage = (url: string) => request.server.hasRoute({ url, method: 'GET' });
    const back = console ? backInConsole(locale, code, request, isPage) : backInPublic(locale, code, request);
    return this.pages.render('problem', locale, {
      ...console,
      layout: console ? 'layouts/console' : 'layouts/public',
      // Of two people who are in each other's way the reason tells.
      heading: `problem.${reason && code === 'conflict' ? 'wrong-state' : code}`,
      sentence: reasonInWords(locale, problem),
      back,
      nav: back.nav,
      // An address that takes forms alone cannot be opened in another language, and not every petition speaks them all.
      path: console ? back.href.slice(`/${locale}`.length) : '',
    });
  }

  /** Nobody, while the database may be out of order: this page has to come all the same. */
  private async whoLooks({ code }: Problem, request: FastifyRequest): Promise<Console | null> {
    if (code === 'internal' || code === 'unavailable') return null;
    return this.consoleOf(request).catch(() => null);
  }
}

const wantsJson = (url: string) => url.startsWith('/api/') || url.startsWith('/health/') || url.includes('.json');
