import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { keptMonths } from '../signatures/erasure-journal.js';
import { withdrawalHours } from '../signatures/retention.js';
import { linkHours } from '../signatures/sealed-links.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Public } from '../staff/access.js';
import { keptDays } from '../supporters/kept-days.js';
import { organisationView } from '../petitions/petition-views.js';
import { privacyFacts } from './privacy-facts.js';

/** What this instance does with people's data, and for whom its pages work: said from what it is set to do. */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class NoticesPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly extras: PetitionExtras,
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get('privacy')
  @Page()
  @Header('cache-control', 'public, max-age=60')
  async privacy(@Param('locale', LocalePipe) locale: Locale) {
    const petitions = await this.petitions.list();
    const extras = await this.extras.ofAll(petitions.map(({ id }) => id));
    const { relays, ...facts } = privacyFacts(this.settings);
    const view = (petition: PublishedPetition) => ({
      slug: petition.slug,
      title: this.petitions.text(petition, locale).title,
    });
    return this.pages.render('privacy', locale, {
      path: '/privacy',
      ...facts,
      relays: relays.length > 0 ? new Intl.ListFormat(locale).format(relays) : null,
      kept: { linkHours, withdrawalHours, journalMonths: keptMonths, letterDays: keptDays },
      letters: [...extras.values()].some((offered) => offered.includes('write')),
      protected: petitions.filter(({ log }) => log.publication === 'protected').map(view),
      namesShown: petitions.some(({ log }) => log.publication === 'ordinary'),
      coalitions: petitions
        .filter(({ organisations }) => organisations.length > 0)
        .map((petition) => ({
          ...this.petitions.heading(petition, locale),
          organisations: petition.organisations.map(organisationView),
        })),
    });
  }

  @Get('accessibility')
  @Page()
  @Header('cache-control', 'public, max-age=60')
  accessibility(@Param('locale', LocalePipe) locale: Locale) {
    return this.pages.render('accessibility', locale, { path: '/accessibility', linkHours });
  }
}
