import { z } from 'zod';
import { channels } from './importers/import-record.js';
import { importFormats } from './importers/import-sources.js';

/** What the API answers, for its description. */

const time = z.iso.datetime();
const text = z.string().nullable();

export const LegislatureView = z.object({
  slug: z.string(),
  name: z.string(),
  country: z.string(),
  lawmakers: z.int(),
  importedAt: time.nullable(),
});
export const LegislatureList = z.object({ legislatures: z.array(LegislatureView) });

export const LawmakerView = z.object({
  id: z.uuid(),
  name: z.string(),
  sortName: z.string(),
  honorific: text,
  gender: text,
  locale: text,
  website: text,
  legislature: z.string(),
  chamber: text,
  party: text,
  area: text,
  region: text,
  role: text,
  sitting: z.boolean(),
  leftAt: time.nullable(),
  objected: z.boolean(),
  mergedInto: z.uuid().nullable(),
  channels: z.array(z.enum(channels)),
});
export const LawmakerList = z.object({ lawmakers: z.array(LawmakerView) });

export const ContactPointView = z.object({
  id: z.uuid(),
  channel: z.enum(channels),
  value: z.string(),
  label: text,
  source: z.enum(['import', 'staff']),
  listed: z.boolean(),
  struckAt: time.nullable(),
  bouncedAt: time
    .nullable()
    .describe('a letter to it came back or somebody else answers this number, and nobody has looked at it since'),
  bouncedStatus: text,
});
export const LawmakerDetail = LawmakerView.extend({
  contactPoints: z.array(ContactPointView),
  groups: z.array(z.object({ kind: z.enum(['committee', 'group']), code: z.string(), name: z.string(), role: text })),
});

export const LawmakerImport = z.object({
  id: z.uuid(),
  legislature: z.object({ slug: z.string(), name: z.string(), country: z.string() }),
  format: z.enum(importFormats),
  state: z.enum(['uploaded', 'previewed', 'applied', 'discarded']),
  partial: z.boolean(),
  outdated: z.boolean(),
  sourceName: z.string(),
  sourceSha256: z.string(),
  columns: z.record(z.string(), z.string()).nullable(),
  counts: z.object({
    new: z.int(),
    changed: z.int(),
    gone: z.int(),
    same: z.int(),
    rejected: z.int(),
    repaired: z.int(),
    noticed: z.int(),
  }),
  madeBy: z.string(),
  madeAt: time,
  decidedBy: text,
  decidedAt: time.nullable(),
  undoes: z.uuid().nullable(),
  undoable: z.boolean(),
});

const ImportRow = z.object({
  position: z.int(),
  change: z.enum(['new', 'changed', 'gone']),
  lawmakerId: z.uuid(),
  name: z.string(),
  chamber: text,
  party: text,
  area: text,
  fields: z.array(z.object({ field: z.string(), before: text, after: text })),
  contacts: z.array(z.object({ channel: z.enum(channels), value: z.string() })),
});
const ImportNote = z.object({
  file: z.string(),
  line: z.int().nullable(),
  severity: z.enum(['rejected', 'repaired', 'noticed']),
  code: z.string(),
  detail: z.string(),
  message: z.string(),
});
export const ImportRows = z.object({ rows: z.array(ImportRow) });
export const ImportReport = z.object({ report: z.array(ImportNote) });
export const ImportPreview = LawmakerImport.extend({ rows: z.array(ImportRow), report: z.array(ImportNote) });

const Lookalike = z.object({
  id: z.uuid(),
  name: z.string(),
  legislature: z.string(),
  chamber: text,
  party: text,
  area: text,
  leftAt: time.nullable(),
  addresses: z.array(z.string()),
});
export const DuplicateList = z.object({
  pairs: z.array(
    z.object({
      first: Lookalike,
      second: Lookalike,
      reasons: z.array(z.enum(['same-name', 'same-address', 'same-identifier'])),
    }),
  ),
  more: z.boolean(),
});
const Named = z.object({ id: z.uuid(), name: z.string() });
export const PersonDecisionId = z.object({ id: z.uuid() });
export const PersonDecisionList = z.object({
  decisions: z.array(
    z.object({
      id: z.uuid(),
      decision: z.enum(['same', 'different']),
      first: Named,
      second: Named,
      keptId: z.uuid().nullable(),
      decidedBy: z.string(),
      decidedAt: time,
      undoneBy: text,
      undoneAt: time.nullable(),
    }),
  ),
});
