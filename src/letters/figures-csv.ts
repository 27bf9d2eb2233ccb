import { csvFile } from '../site/csv.js';
import type { PacePlan } from '../mail/pace-plan.js';
import type { LetterDay, LettersInState } from './letter-sums.js';
import type { OfficeReport } from './office-report.service.js';

export const timelineCsv = (days: LetterDay[], campaignId: string) =>
  csvFile(
    ['day', 'delivered', 'failed', 'answered'],
    days.map(({ day, delivered, failed, answered }) => [day, delivered, failed, answered]),
    `letter-days-${campaignId}.csv`,
  );

/** @param name of the file: of which letters they are */
export const statesCsv = (states: LettersInState[], name: string) =>
  csvFile(
    ['state', 'letters'],
    states.map(({ name: state, letters }) => [state, letters]),
    `letter-states-${name}.csv`,
  );

/** A row per mailbox and day; one for what would be left over has no day. */
export const paceCsv = (plan: PacePlan, campaignId: string) =>
  csvFile(
    ['mailbox', 'day', 'letters', 'left_over'],
    plan.mailboxes.flatMap(({ mailbox, days, leftOver }) => [
      ...days.map(({ day, letters }) => [mailbox, day, letters, 0]),
      ...(leftOver > 0 ? [[mailbox, '', 0, leftOver]] : []),
    ]),
    `letter-pace-${campaignId}.csv`,
  );

/** After the rows come the sum, whom it is for, the method and the time, in as many columns. */
export const officeCsv = (report: OfficeReport) =>
  csvFile(
    ['channel', 'state', 'to_you', 'all'],
    [
      ...report.rows.map(({ channel, status, yours, all }) => [channel ?? '', status, yours, all]),
      ['# total', '', report.yours, report.all],
      [`# to: ${report.office.name}`, '', '', ''],
      [`# from: ${report.organisation}`, '', '', ''],
      [`# method: ${report.method}`, '', '', ''],
      [`# as of ${report.madeAt}`, '', '', ''],
    ],
    'letters-to-your-office.csv',
  );
