interface Described {
  url: string;
  locale: string;
  title: string;
  ask: string;
  image: string;
  siteName: string;
  siteUrl: string;
  startedBy: string;
  openedOn: string | null;
  changedOn: string;
  count: number;
}

/** A petition for search engines (JSON-LD, schema.org), ready to stand in a script element: nothing in it can end that. */
export function jsonLd({ url, locale, title, ask, image, siteName, siteUrl, startedBy, ...rest }: Described): string {
  const description = {
    '@context': 'https://schema.org',
    '@type': 'WebPage',
    ...{ url, inLanguage: locale, name: title, description: ask, image },
    isPartOf: { '@type': 'WebSite', name: siteName, url: siteUrl },
    author: { '@type': 'Organization', name: startedBy },
    ...(rest.openedOn && { datePublished: rest.openedOn }),
    dateModified: rest.changedOn,
    potentialAction: { '@type': 'EndorseAction', target: `${url}#sign` },
    interactionStatistic: {
      '@type': 'InteractionCounter',
      interactionType: 'https://schema.org/EndorseAction',
      userInteractionCount: rest.count,
    },
  };
  return JSON.stringify(description).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
