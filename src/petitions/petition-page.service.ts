import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { countries, type Locale } from '../site/languages.js';
import { FormTokens } from '../site/form-token.service.js';
import { markdownToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import { Pressure } from '../site/pressure.js';
import { ProofOfWork } from '../site/proof-of-work.service.js';
import type { FieldError } from '../site/problem.js';
import { Switches } from '../switches/switches.service.js';
import { jsonLd } from './json-ld.js';
import { organisationView } from './petition-views.js';
import { pictureIn, PetitionPictures } from './petition-pictures.service.js';
import { PetitionExtras } from './petition-extras.js';
import type { PetitionText } from './petition-text.entity.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';

export interface FilledForm {
  values: Record<string, unknown>;
  errors: FieldError[];
  /** It came back because work or waiting is needed first. */
  proofNeeded?: boolean;
  /** It came back to ask whether this address was meant. */
  meant?: string;
}

/** The petition page, empty or with what a visitor filled in and what is wrong with it. */
@Injectable()
export class PetitionPage {
  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly formTokens: FormTokens,
    private readonly switches: Switches,
    private readonly pressure: Pressure,
    private readonly proofs: ProofOfWork,
    private readonly extras: PetitionExtras,
    private readonly pictures: PetitionPictures,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async render(slug: string, locale: Locale, filled: FilledForm = { values: {}, errors: [] }): Promise<string> {
    const petition = await this.petitions.find(slug);
    const text = this.petitions.text(petition, locale);
    const { count, pending } = await this.petitions.count(petition);
    const picture = await this.pictures.of(slug, petition.id);
    const amended = text.noteId !== null;
    const openedOn = petition.openedAt?.toISOString() ?? null;
    const textDate = (amended ? text.createdAt : (petition.openedAt ?? text.createdAt)).toISOString();
    return this.pages.render('petition', locale, {
      path: `/p/${slug}`,
      title: text.title,
      description: text.ask,
      petition: {
        ...this.petitions.heading(petition, locale),
        locales: petition.texts.map((each) => each.locale),
        startedBy: petition.startedBy,
        openedOn,
        closedOn: petition.closedAt?.toISOString() ?? null,
        goal: petition.goal,
        factCheckedOn: petition.factCheckedOn,
        bodyHtml: markdownToHtml(text.body, text.locale),
        sources: text.sources,
        persons: text.persons,
        timeline: text.timeline,
        textVersion: text.version,
        amended,
        textDate,
        seal: petition.log.endedAt && { entry: petition.log.size - 1, count },
      },
      picture: picture && pictureIn(picture, locale, petition.originalLocale),
      organisations: petition.organisations.map(organisationView),
      ...{ count, pending, paper: petition.paperCount },
      signingPaused: await this.switches.isOff('signing', petition.id),
      form: { ...filled, formToken: this.formTokens.issue() },
      proof: (await this.pressure.isOn(slug))
        ? { challenge: JSON.stringify(await this.proofs.challenge(slug)), wait: this.proofs.waitingToken(slug) }
        : null,
      countries: countries(locale),
      extras: await this.extras.of(petition.id),
      recentNames: await this.extras.recentNames(petition),
      jsonLd: this.describe(petition, text, locale, { openedOn, changedOn: textDate, count }),
    });
  }
  private describe(
    petition: PublishedPetition,
    { title, ask }: PetitionText,
    locale: Locale,
    rest: { openedOn: string | null; changedOn: string; count: number },
  ): string {
    const { PUBLIC_URL: siteUrl, SITE_NAME: siteName } = this.settings;
    const url = `${siteUrl}/${locale}/p/${petition.slug}`;
    const { startedBy } = petition;
    return jsonLd({ url, locale, title, ask, image: `${url}/card.png`, siteName, siteUrl, startedBy, ...rest });
  }
}
