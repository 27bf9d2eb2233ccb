import { ParseUUIDPipe } from '@nestjs/common';
import { problems } from '../site/problem.js';

/** An id of an address; what is none is a page that does not exist. */
export const uuid = new ParseUUIDPipe({ exceptionFactory: () => problems.notFound() });
