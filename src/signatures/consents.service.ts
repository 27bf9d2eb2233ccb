import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Locale, locales, translate } from '../site/languages.js';
import { noOrganisation, type Purpose, purposes } from './consent.entity.js';

/** Knows which wording stands beside each box today, by the id under which it is kept. */
@Injectable()
export class Consents implements OnApplicationBootstrap {
  private readonly ids = new Map<string, number>();

  constructor(private readonly database: DataSource) {}

  async onApplicationBootstrap(): Promise<void> {
    const shown = locales.flatMap((locale) =>
      purposes.map((purpose) => ({ purpose, locale, wording: translate(locale, `consent.${purpose}`) })),
    );
    const columns = [
      shown.map(({ purpose }) => purpose),
      shown.map(({ locale }) => locale),
      shown.map(({ wording }) => wording),
    ];
    await this.database.query(
      // Only what is new: each row tried would use up an id, and a link has two bytes for one.
      `INSERT INTO consents (purpose, locale, wording)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS shown (purpose, locale, wording)
       WHERE NOT EXISTS (
         SELECT FROM consents c WHERE (c.purpose, c.locale, c.wording) = (shown.purpose, shown.locale, shown.wording))
       ON CONFLICT (purpose, organisation_id, locale, wording) DO NOTHING`,
      columns,
    );
    const rows: { id: number; purpose: string; locale: string }[] = await this.database.query(
      `SELECT id, purpose, locale FROM consents
       JOIN unnest($1::text[], $2::text[], $3::text[]) AS shown (purpose, locale, wording)
       USING (purpose, locale, wording) WHERE organisation_id = '${noOrganisation}'`,
      columns,
    );
    for (const { id, purpose, locale } of rows) this.ids.set(`${purpose} ${locale}`, id);
  }

  /** The id of the wording shown in this language, or 0 if the box was not ticked. */
  id(purpose: Purpose, locale: Locale, given: boolean | undefined): number {
    return given ? this.ids.get(`${purpose} ${locale}`)! : 0;
  }

  /** The id of the wording that names this organisation in this language; kept when it is first agreed to. */
  async ofOrganisation({ id, name }: { id: string; name: string }, locale: Locale): Promise<number> {
    const key = `${id} ${locale}`;
    const known = this.ids.get(key) ?? (await this.find(id, locale, name)) ?? (await this.keep(id, locale, name));
    this.ids.set(key, known);
    return known;
  }

  private async find(organisation: string, locale: Locale, name: string): Promise<number | undefined> {
    const [row] = await this.database.query(
      `SELECT id FROM consents WHERE purpose = 'organisation' AND organisation_id = $1 AND locale = $2 AND wording = $3`,
      [organisation, locale, translate(locale, 'consent.organisation', { name })],
    );
    return row?.id as number | undefined;
  }

  private async keep(organisation: string, locale: Locale, name: string): Promise<number> {
    await this.database.query(
      `INSERT INTO consents (purpose, organisation_id, locale, wording) VALUES ('organisation', $1, $2, $3)
       ON CONFLICT (purpose, organisation_id, locale, wording) DO NOTHING`,
      [organisation, locale, translate(locale, 'consent.organisation', { name })],
    );
    return (await this.find(organisation, locale, name))!;
  }
}
