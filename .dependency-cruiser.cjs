// The map of rooms (docs/ARCHITECTURE.md), held by `npm run lint`. A rule is loosened only together with that page.
const door = '\\.(api|pages|console)\\.ts$';
const wiring = '\\.module\\.ts$';
const domain = [
  'petitions',
  'signatures',
  'countlog',
  'lawmakers',
  'letters',
  'supporters',
  'sharing',
  'coalitions',
  'paper',
  'updates',
  'mail',
  'returns',
  'exports',
  'figures',
  'progress',
  'staff',
  'switches',
  'appearance',
  'moderation',
  'notices',
];

/** What services, entities and rules of a room may import from other domain rooms. Foundations are open to all. */
const arrows = {
  petitions: ['countlog', 'switches', 'progress', 'staff'],
  signatures: ['petitions', 'countlog', 'mail', 'switches', 'staff'],
  countlog: ['switches', 'progress'],
  lawmakers: ['progress', 'staff'],
  letters: ['petitions', 'lawmakers', 'mail', 'staff'],
  supporters: ['petitions', 'signatures', 'lawmakers', 'letters', 'mail', 'staff'],
  sharing: ['petitions', 'countlog', 'updates'],
  paper: ['petitions', 'staff'],
  coalitions: ['petitions', 'signatures', 'staff'],
  updates: ['petitions', 'signatures', 'coalitions', 'mail', 'staff', 'switches'],
  mail: ['switches'],
  returns: ['mail'],
  exports: ['petitions', 'signatures', 'coalitions', 'countlog', 'paper', 'progress', 'staff'],
  figures: ['petitions', 'signatures', 'countlog'],
  progress: ['staff'],
  staff: [],
  switches: ['staff'],
  appearance: ['staff'],
  moderation: ['petitions', 'signatures', 'countlog', 'staff'],
  notices: ['petitions', 'signatures', 'supporters'],
};

/** What their doors may import besides, to ask for rights and to show two rooms on one page. */
const doorArrows = {
  petitions: ['signatures'],
};

/** Who may call node:crypto, and on what: never on personal data outside the vault. */
const cryptoUsers = {
  '^src/vault/': 'keys, sealing, keyed digests',
  '^src/countlog/(sha256|note|codes)\\.ts$':
    'the hashes, keys and codes of the count log: an address only together with its salt',
  '^src/countlog/log-taking\\.ts$': 'the order of entries in a round, at random',
  '^src/database/data-dir-lock\\.ts$': 'a short name for the lock of a folder',
  '^src/lawmakers/import-summary\\.ts$': 'the digest of an imported file',
  '^src/petitions/text-hash\\.ts$': 'the digest of a published text',
  '^src/staff/(audit\\.service|passwords|secrets)\\.ts$':
    'the chain of the audit log, tokens and passwords made at random',
  '^src/letters/digest\\.ts$': 'the digests of letters and of what is approved',
  '^src/site/pages\\.service\\.ts$': 'the version in the address of a static file',
};

const rooms = (names) => `^src/(${names.join('|')})/`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or the arrow is wrong.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...domain.map((room) => ({
      name: `${room}-knows`,
      comment: `Services of ${room}/ may import, of other domain rooms, only: ${arrows[room].join(', ') || 'none'}.`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: [door, wiring] },
      to: { path: rooms(domain.filter((other) => other !== room && !arrows[room].includes(other))) },
    })),
    ...domain.map((room) => ({
      name: `${room}-doors-know`,
      comment: `Doors of ${room}/ may import besides: staff, ${(doorArrows[room] ?? []).join(', ')}.`,
      severity: 'error',
      from: { path: `^src/${room}/.*${door}` },
      to: {
        path: rooms(
          domain.filter((other) => ![room, 'staff', ...arrows[room], ...(doorArrows[room] ?? [])].includes(other)),
        ),
      },
    })),
    {
      name: 'foundations-know-no-domain',
      comment:
        'config, database, vault, site and health serve every room and know none; their doors may ask for rights.',
      severity: 'error',
      from: { path: '^src/(config|database|vault|site|health)/', pathNot: [door, wiring] },
      to: { path: rooms(domain) },
    },
    {
      name: 'nobody-imports-the-overview',
      comment: 'overview/ shows every room on one page, so none may know it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(overview/|app\\.module\\.ts$)' },
      to: { path: '^src/overview/' },
    },
    {
      name: 'vault-stands-alone',
      comment: 'The vault reads settings and nothing else.',
      severity: 'error',
      from: { path: '^src/vault/' },
      to: { path: '^(src|migrations)/', pathNot: '^src/(vault|config)/' },
    },
    {
      name: 'nobody-imports-a-door',
      comment: 'Doors are for visitors: two rooms meet in services. Only the module of the room lists its doors.',
      severity: 'error',
      from: { path: '^src/', pathNot: wiring },
      to: { path: `^src/.*${door}` },
    },
    {
      name: 'modules-list-their-own-doors',
      comment: 'A module lists the doors of its own room.',
      severity: 'error',
      from: { path: `^src/([^/]+)/.*${wiring}` },
      to: { path: `^src/.*${door}`, pathNot: '^src/$1/' },
    },
    {
      name: 'doors-hold-no-sql',
      comment: 'doors -> service -> entity or SQL. Health asks the database whether it answers, and nothing else.',
      severity: 'error',
      from: { path: `^src/.*${door}`, pathNot: '^src/health/' },
      to: { path: '(^|/)node_modules/(typeorm|@nestjs/typeorm|pg|@electric-sql/pglite)/' },
    },
    {
      name: 'crypto-in-the-vault',
      comment: `node:crypto belongs to the vault. Others, on data about nobody: ${Object.values(cryptoUsers).join('; ')}.`,
      severity: 'error',
      from: { path: '^src/', pathNot: Object.keys(cryptoUsers) },
      to: { path: '^(node:)?crypto$', dependencyTypes: ['core'] },
    },
    {
      name: 'smtp-in-mail',
      comment: 'mail/ is the only room that sends by SMTP; returns/ takes what comes back.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(mail|returns)/' },
      to: { path: '(^|/)node_modules/(@types/)?(nodemailer|postal-mime|smtp-server|imapflow)/' },
    },
    {
      name: 'database-is-opened-in-one-place',
      comment: 'Drivers are known to database/ alone; everybody else has a DataSource.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: '(^|/)node_modules/(@types/)?(pg|@electric-sql/pglite)/' },
    },
    {
      name: 'migrations-stand-alone',
      comment: 'A migration must do the same in ten years: it imports nothing that changes.',
      severity: 'error',
      from: { path: '^migrations/', pathNot: '^migrations/index\\.ts$' },
      to: { pathNot: '(^|/)node_modules/typeorm/' },
    },
    {
      name: 'tests-stay-outside',
      comment: 'What runs in production does not import what checks it.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { path: '^test/' },
    },
    {
      name: 'production-dependencies-only',
      comment: 'src/ runs without devDependencies and says in package.json what it needs.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
