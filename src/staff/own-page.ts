/** Only a page of our console is somewhere to go after signing in. */
export function ownPage(next: unknown): string | null {
  const own =
    typeof next === 'string' && /^\/[a-z]{2}\/console(?:[/?][\w\-./?=&%+,]*)?$/.test(next) && !next.includes('//');
  return own ? next : null;
}
