import { Injectable, Param, ParseUUIDPipe, type PipeTransform } from '@nestjs/common';
import { problems } from '../site/problem.js';
import { LetterLocale } from './letters.schema.js';

/** A UUID in an address; anything else is an address that does not exist. */
export const Id = (name: string) => Param(name, new ParseUUIDPipe({ exceptionFactory: () => problems.notFound() }));

/** A language in an address; what is no language is an address that does not exist. */
@Injectable()
export class LetterLocalePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const parsed = LetterLocale.safeParse(value);
    if (!parsed.success) throw problems.notFound();
    return parsed.data;
  }
}
