/** What a reply that is no yes was given to: MAIL FROM, RCPT TO, DATA, or the end of the mail. */
export type Stage = 'mail' | 'rcpt' | 'data' | 'end';

export interface Reply {
  code: number;
  /** Everything the server said, code and enhanced status (RFC 3463) first. */
  text: string;
  stage: Stage;
}

/**
 * Whom a reply is about. `mail`: this mailbox or this mail, and the code says whether for good. `later`: this mailbox, and
 * not for good whatever the code. `relay`: us, or how the server is; the next mail would hear the same. `throttle`: the
 * server wants less, or later.
 */
export type Meaning = 'mail' | 'later' | 'relay' | 'throttle';

interface Row {
  means: Meaning;
  stages?: Stage[];
  codes?: number[];
  /** The last two parts of the enhanced status: `7.1`. */
  status?: RegExp;
  says?: RegExp;
}

const afterSender: Stage[] = ['rcpt', 'data', 'end'];

/** The first row of which everything fits decides. Statuses that leave no doubt come before words, and words before codes. */
const rows: Row[] = [
  // Size and loops are about the mail; so is whom a mailbox takes mail from at all (Exchange, X.7.1nn).
  { means: 'mail', status: /^(3\.4|2\.3|4\.6)$/ },
  {
    means: 'mail',
    says: /message (is )?too (big|large|long)|\bsize\b.*\bexceeds?\b|exceeds?\b.*\bsize\b|too many hops/i,
  },
  { means: 'mail', status: /^7\.1\d\d$/, stages: afterSender },
  // There is no such mailbox, whatever else they say.
  { means: 'mail', status: /^1\.([1-6]|10)$/, stages: afterSender },
  // A mailbox that is full has room again tomorrow, and one that gets too much is not us.
  { means: 'later', status: /^2\.2$/, stages: afterSender },
  { means: 'mail', status: /^2\.1$/, stages: afterSender },
  { means: 'later', codes: [450, 451], says: /gr[ae]y-?list/i },

  { means: 'throttle', status: /^(4\.5|7\.28|7\.705|1\.90)$/ },
  { means: 'throttle', says: /\b(daily|hourly|sending|submission|message( count)?)\b[^.;]{0,30}\b(limit|quota)\b/i },
  {
    means: 'throttle',
    says: /\brate[ -]?limit|\b(sending|message|connection)s? rate\b|\bthrottl|SubmissionQuotaExceeded/i,
  },
  {
    means: 'throttle',
    says: /\btoo (many|much) (concurrent |simultaneous )?(connections?|mails?|e-?mails?|messages?)\b/i,
  },
  { means: 'throttle', says: /\btoo (fast|quickly|frequent)|\bmax(imum)? (e-?mails|messages|defers|credits)\b/i },
  { means: 'throttle', says: /\b(connections?|thread|recipients?|messages?) limit (was )?exceeded|unusual rate/i },

  { means: 'relay', status: /^(1\.[78]|2\.252)$/ },
  { means: 'relay', says: /\brelay(ing)? (access )?(is )?(denied|not (permitted|allowed)|prohibited)|\bto relay\b/i },
  {
    means: 'relay',
    says: /\bsender( address)? (was )?(rejected|denied|verify failed)|bad outbound sender|send ?as ?denied/i,
  },
  {
    means: 'relay',
    says: /\bto send as\b|\bto perform\b|identit(y|ies) failed the check|sending (is )?(suspended|paused|disabled)/i,
  },
  {
    means: 'relay',
    says: /\bclient host\b.*\b(rejected|blocked)|\bhelo command rejected|\bblocked using\b|banned send/i,
  },
  {
    means: 'relay',
    says: /authentication (is )?required|credentials for relay|must issue a starttls|\bauth(enticate)? first/i,
  },

  { means: 'mail', says: /\brecipient( address)? rejected/i },
  // What is wrong with MAIL FROM is wrong with all our mails.
  { means: 'relay', stages: ['mail'] },
  { means: 'mail', status: /^[12]\.\d+$/ },
  {
    means: 'later',
    says: /\b(mailbox|inbox|recipient|user)\b.{0,40}\b(full|over ?quota|out of storage)\b|exceeded storage allocation/i,
  },
  { means: 'relay', status: /^3\.\d+$/ },
  // X.7.1 alone is what filters say, also those that greylist.
  { means: 'throttle', codes: [421, 450, 451, 452], status: /^7\.(?!1$)/ },
  // RFC 7372, and what Gmail and Exchange Online say of senders that are not who they should be.
  { means: 'relay', status: /^7\.([2-9]\d|5(?!12)\d\d|[67]\d\d)$/ },
  {
    means: 'later',
    says: /\btry(ing)? (again|later)\b|\btemporar(y|ily)\b/i,
    codes: [450, 451, 550, 551, 552, 553, 554],
  },
  { means: 'throttle', codes: [421, 432, 452, 454] },
  { means: 'relay', codes: [500, 502, 503, 521, 530, 534, 535, 538] },
];

/** Plain, of the reply alone: what a stranger may have put into it, by her address or by her own server, decides nothing. */
export function meaningOf({ code, text, stage }: Reply): Meaning {
  const status = /^\d{3}[ -]#?[245]\.(\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  const words = ownWords(text);
  const fits = (row: Row) =>
    (row.stages?.includes(stage) ?? true) &&
    (row.codes?.includes(code) ?? true) &&
    (!row.status || (status !== undefined && row.status.test(status))) &&
    (row.says?.test(words) ?? true);
  return rows.find(fits)?.means ?? 'mail';
}

/** Without addresses, and without what a server further on `said`. */
export const ownWords = (text: string) =>
  text
    .replaceAll(/<[^>]*>|"[^"]*"@\S+|[^\s<>"',;:]*@[^\s<>"',;:]+/g, ' ')
    .replace(/\bsaid:.*/is, '')
    .replaceAll(/\s*\n\d{3}[ -](\d\.\d+\.\d+ )?/g, ' ');
