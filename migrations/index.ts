import { Limits1764000000050 } from './1764000000050-limits.js';
import { SpentProofs1764000000080 } from './1764000000080-spent-proofs.js';
import { Petitions1764000000100 } from './1764000000100-petitions.js';
import { PetitionEditor1764000000110 } from './1764000000110-petition-editor.js';
import { CountryBreakdowns1764000000111 } from './1764000000111-country-breakdowns.js';
import { PetitionPictures1764000000115 } from './1764000000115-petition-pictures.js';
import { Signatures1764000000200 } from './1764000000200-signatures.js';
import { Coalitions1764000000210 } from './1764000000210-coalitions.js';
import { Updates1764000000220 } from './1764000000220-updates.js';
import { Paper1764000000230 } from './1764000000230-paper.js';
import { Countlog1764000000250 } from './1764000000250-countlog.js';
import { Moderation1764000000270 } from './1764000000270-moderation.js';
import { Lawmakers1764000000300 } from './1764000000300-lawmakers.js';
import { LawmakerGroups1764000000310 } from './1764000000310-lawmaker-groups.js';
import { PersonDecisions1764000000320 } from './1764000000320-person-decisions.js';
import { MailTails1764000000390 } from './1764000000390-mail-tails.js';
import { Mail1764000000400 } from './1764000000400-mail.js';
import { Relays1764000000410 } from './1764000000410-relays.js';
import { LinkRenewals1764000000415 } from './1764000000415-link-renewals.js';
import { Audiences1764000000490 } from './1764000000490-audiences.js';
import { Letters1764000000500 } from './1764000000500-letters.js';
import { LetterWording1764000000510 } from './1764000000510-letter-wording.js';
import { LetterAttachments1764000000530 } from './1764000000530-letter-attachments.js';
import { Pace1764000000560 } from './1764000000560-pace.js';
import { Returns1764000000570 } from './1764000000570-returns.js';
import { Answers1764000000580 } from './1764000000580-answers.js';
import { LetterFailures1764000000590 } from './1764000000590-letter-failures.js';
import { SupporterLetters1764000000595 } from './1764000000595-supporter-letters.js';
import { Digests1764000000596 } from './1764000000596-digests.js';
import { LetterStops1764000000597 } from './1764000000597-letter-stops.js';
import { Staff1764000000600 } from './1764000000600-staff.js';
import { KeptAnswers1764000000605 } from './1764000000605-kept-answers.js';
import { SecondFactors1764000000610 } from './1764000000610-second-factors.js';
import { LongWorks1764000000620 } from './1764000000620-long-works.js';
import { FailedWorks1764000000622 } from './1764000000622-failed-works.js';
import { Switches1764000000700 } from './1764000000700-switches.js';
import { Appearance1764000000710 } from './1764000000710-appearance.js';

/** Every migration, by name and in order: a glob would also find what a half-finished build left behind. */
export const migrations = [
  Limits1764000000050,
  SpentProofs1764000000080,
  Petitions1764000000100,
  PetitionEditor1764000000110,
  CountryBreakdowns1764000000111,
  PetitionPictures1764000000115,
  Signatures1764000000200,
  Coalitions1764000000210,
  Updates1764000000220,
  Paper1764000000230,
  Countlog1764000000250,
  Moderation1764000000270,
  Lawmakers1764000000300,
  LawmakerGroups1764000000310,
  PersonDecisions1764000000320,
  MailTails1764000000390,
  Mail1764000000400,
  Relays1764000000410,
  LinkRenewals1764000000415,
  Audiences1764000000490,
  Letters1764000000500,
  LetterWording1764000000510,
  LetterAttachments1764000000530,
  Pace1764000000560,
  Returns1764000000570,
  Answers1764000000580,
  LetterFailures1764000000590,
  SupporterLetters1764000000595,
  Digests1764000000596,
  LetterStops1764000000597,
  Staff1764000000600,
  KeptAnswers1764000000605,
  SecondFactors1764000000610,
  LongWorks1764000000620,
  FailedWorks1764000000622,
  Switches1764000000700,
  Appearance1764000000710,
];
