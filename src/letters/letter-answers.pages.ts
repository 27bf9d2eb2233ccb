import { Controller, Get, Param } from '@nestjs/common';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { LetterAnswers } from './letter-answers.service.js';

/** Did they answer? For everybody who signed. */
@Public()
@Controller(':locale/p/:slug/answers')
export class LetterAnswersPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly answers: LetterAnswers,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Page()
  async page(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const found = await this.answers.ofPetition(petition.id);
    if (!found) throw problems.notFound();
    return this.pages.render('petition-answers', locale, {
      path: `/p/${slug}/answers`,
      petition: this.petitions.heading(petition, locale),
      ...found,
    });
  }
}
