import { Command } from 'commander';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../src/config/root.js';
import { keyCommands } from '../src/rotate-keys.cli.js';
import { rotateSealKey } from '../src/rotate-keys.js';
import { openBox, sealBox } from '../src/signatures/signer-box.js';
import { DigestMails } from '../src/supporters/digest.mails.js';
import { openCopy, openDigest, openLetter, openVoice, sealLetter } from '../src/supporters/sealed-letter.js';
import { Vault } from '../src/vault/vault.service.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn } from './support/cast.js';
import { makeDatabase } from './support/database.js';
import { lawmakerId } from './support/letters.js';
import { openPetition } from './support/petitions.js';
import { enrol } from './support/second-factor.js';
import { build } from './support/server.js';
import { openCampaign, send, writer } from './support/supporters.js';

const sealKeys = (folder: string) => readdirSync(join(folder, 'keys')).filter((name) => name.startsWith('seal'));
/** As if the newest key had been there for two hours: nobody seals with an older one any more. */
const later = (folder: string) => {
  const file = join(
    folder,
    'keys',
    sealKeys(folder)
      .filter((name) => name.endsWith('.key'))
      .toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .at(-1)!,
  );
  const then = new Date(Date.now() - 2 * 3600_000);
  utimesSync(file, then, then);
};
const signer = (n: number) => ({ name: `Signer ${n}`, email: `s${n}@example.org`, words: '', salt: 'c2FsdA==' });

async function addSigners({ database, get }: TestApp, petitionId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const boxes = ids.map((id, n) => sealBox(get(Vault), petitionId, id, signer(n)));
  await database.query(
    `INSERT INTO signatures (petition_id, id, identity, normal_form, box, country, locale, text_version, source, consents)
     SELECT $1, id, sha256(id::text::bytea), 1, box, 'SE', 'en', 1, 'page', '{}' FROM unnest($2::uuid[], $3::bytea[]) AS s (id, box)`,
    [petitionId, ids, boxes],
  );
  return ids;
}

describe('everything that is sealed', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ LIMITS: 'off' });
  });
  afterAll(() => app.close());

  test('opens under the new key, and the old one goes', async () => {
    const { database } = app;
    const vault = app.get(Vault);
    const { campaign, petition } = await openCampaign(app, { digest: true });
    const ada = await signIn(app, 'ada');
    await enrol(ada);
    const write = async (email: string) => {
      const token = await writer(app, { email, name: 'Sara Ahmadi' });
      const wanted = { lawmakers: [await lawmakerId(app, 'Anna Berg')], words: 'The wells ran dry.', passWords: 'on' };
      expect((await send(app, token, wanted)).statusCode).toBe(303);
    };
    await write('sara@example.org');
    await app.get(DigestMails).round(Date.now() + 86_400_000);
    const [letter, reply] = [randomUUID(), randomUUID()];
    const content = { subject: 'S', text: 'T', name: 'N', email: 'e', to: 't', toName: 'A', organisation: 'O' };
    for (const [id, kind, payload] of [
      [letter, 'supporter-letter', sealLetter(vault, petition, letter, content)],
      [reply, 'reply-forwarded', vault.seal(campaign, `forwarded-replies/${reply}`, Buffer.from('reply'))],
    ] as const)
      await database.query(
        `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, payload) VALUES ($1, $2, $3, $2::uuid::text, 'letters', 'held', $4)`,
        [campaign, id, kind, payload],
      );

    const boxes = async () => {
      const rows: { what: string; owner: string; id: string; box: Uint8Array }[] = await database.query(
        `SELECT 'signature' AS what, petition_id::text AS owner, id::text, box FROM signatures
         UNION ALL SELECT 'voice', petition_id::text, id::text, box FROM digest_supporters WHERE box IS NOT NULL
         UNION ALL SELECT 'secret', 'staff', staff_id::text, secret FROM authenticators
         UNION ALL SELECT kind, campaign_id::text, id::text, payload FROM outbox WHERE payload IS NOT NULL AND kind IN
           ('supporter-letter', 'supporter-digest', 'letter-copy', 'reply-forwarded') ORDER BY 1, 3`,
      );
      return rows.map((row) => ({ ...row, box: Buffer.from(row.box) }));
    };
    type Box = Awaited<ReturnType<typeof boxes>>[number];
    const opening: Record<string, (box: Box) => unknown> = {
      signature: ({ owner, id, box }) => openBox(vault, owner, id, box),
      voice: ({ owner, id, box }) => openVoice(vault, owner, id, box),
      secret: ({ owner, id, box }) => vault.open(owner, `authenticators/${id}`, box).toString('hex'),
      'supporter-letter': ({ id, box }) => openLetter(vault, petition, id, box),
      'supporter-digest': ({ id, box }) => openDigest(vault, petition, id, box),
      'letter-copy': ({ owner, id, box }) => openCopy(vault, owner, id, box),
      'reply-forwarded': ({ owner, id, box }) => vault.open(owner, `forwarded-replies/${id}`, box).toString(),
    };
    const contents = (all: Box[]) => all.map((each) => [each.what, each.id, opening[each.what]!(each)]);
    const before = await boxes();
    expect([...new Set(before.map(({ what }) => what))].toSorted()).toEqual(Object.keys(opening).toSorted());
    expect(new Set(before.map(({ box }) => box[0]))).toEqual(new Set([1]));
    const said = contents(before);

    const first = await rotateSealKey(app.nest);
    expect(first).toMatchObject({ resealed: before.length, left: 0, oldKeys: 1 });
    // Another server may be about to write with the old one.
    expect(await rotateSealKey(app.nest)).toMatchObject({ resealed: 0, left: 0, oldKeys: 1 });
    expect(sealKeys(app.settings.DATA_DIR)).toEqual(['seal-2.key', 'seal.key']);
    later(app.settings.DATA_DIR);
    expect(await rotateSealKey(app.nest)).toMatchObject({ resealed: 0, left: 0, oldKeys: 0, deletableAt: null });
    expect(sealKeys(app.settings.DATA_DIR)).toEqual(['seal-2.key']);
    const after = await boxes();
    expect(new Set(after.map(({ box }) => box[0]))).toEqual(new Set([2]));
    expect(contents(after)).toEqual(said);
    expect(() => opening.signature!(before.find(({ what }) => what === 'signature')!)).toThrow('seal.key');
    await write('nima@example.org');
    expect(new Set((await boxes()).map(({ box }) => box[0]))).toEqual(new Set([2]));
    expect((await ada.get('/en/console/audit')).body).toContain('Key replaced');
  }, 120_000);

  test('what does not open stays, and keeps the old key', async () => {
    const petitionId = await openPetition(app, 'rivers');
    const [id] = await addSigners(app, petitionId, 3);
    await app.database.query(
      `UPDATE signatures SET box = set_byte(box, 40, (get_byte(box, 40) + 1) % 256) WHERE id = $1`,
      [id],
    );
    await rotateSealKey(app.nest);
    const copy = join(app.settings.DATA_DIR, 'keys/seal-2.key.2026');
    copyFileSync(join(app.settings.DATA_DIR, 'keys/seal-2.key'), copy);
    later(app.settings.DATA_DIR);
    expect(await rotateSealKey(app.nest)).toMatchObject({ resealed: 0, left: 1, oldKeys: 1 });
    expect(sealKeys(app.settings.DATA_DIR)).toEqual(['seal-2.key', 'seal-2.key.2026', 'seal-3.key']);
    await app.database.query(
      `UPDATE signatures SET box = set_byte(box, 40, (get_byte(box, 40) + 255) % 256) WHERE id = $1`,
      [id],
    );
    // Killed between the last batch and its end: the hour counts from that batch all the same.
    const query = app.database.query.bind(app.database);
    const killed = jest.spyOn(app.database, 'query').mockImplementation((sql: string, ...rest) => {
      if (sql.startsWith('SELECT count(*)')) throw new Error('killed');
      return query(sql, ...rest);
    });
    await expect(rotateSealKey(app.nest)).rejects.toThrow('killed');
    killed.mockRestore();
    expect(await rotateSealKey(app.nest)).toMatchObject({ resealed: 0, left: 0, oldKeys: 1 });
    later(app.settings.DATA_DIR);
    expect(await rotateSealKey(app.nest)).toMatchObject({ resealed: 0, left: 0, oldKeys: 0 });
    // A copy that somebody keeps is none of its business.
    expect(sealKeys(app.settings.DATA_DIR)).toEqual(['seal-2.key.2026', 'seal-3.key']);
    rmSync(copy);
  }, 60_000);

  test('a server that runs opens at once what a newer key sealed; a minute later it seals with it, and has forgotten what is deleted', () => {
    const [here, there] = [new Vault(app.settings), new Vault(app.settings)];
    const seal = (vault: Vault) => vault.seal('p', 'x', Buffer.from('words'));
    const old = seal(here)[0]!;
    there.newSealKey();
    expect(seal(there)[0]).toBe(old + 1);
    expect(here.open('p', 'x', seal(there)).toString()).toBe('words');
    const box = seal(here);
    expect(box[0]).toBe(old);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    expect(seal(here)[0]).toBe(old + 1);
    expect(here.open('p', 'x', box).toString()).toBe('words');
    there.forgetOldSealKeys();
    expect(() => there.open('p', 'x', box)).toThrow('not there');
    clock.mockReturnValue(Date.now() + 61_000);
    expect(() => here.open('p', 'x', box)).toThrow('not there');
    clock.mockRestore();
  });

  test('nobody seals in a place that is not sealed anew', () => {
    const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/^(vault\/|rotate-keys)/.test(name))
      .map((name) => readFileSync(join(projectRoot, 'src', name), 'utf8'));
    const places = sources.flatMap((text) => [...text.matchAll(/vault\.seal\(|sealed<.*>\('([a-z-]+)'\)/g)]);
    // Of signatures, authenticators, forwarded replies; and one that is told its table, of which there are four.
    expect(places.filter(([, table]) => !table)).toHaveLength(4);
    expect(places.flatMap(([, table]) => table ?? []).toSorted()).toEqual([
      ...['digest-supporters', 'letter-copies', 'supporter-digests', 'supporter-letters'],
    ]);
  });
});

test('the command says what has become of the old key', async () => {
  const made = await makeDatabase();
  const before = { ...process.env };
  Object.assign(process.env, made.environment);
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const run = async () => {
    const program = new Command('countersign');
    keyCommands(program);
    await program.parseAsync(['keys', 'rotate', 'seal'], { from: 'user' });
    return printed.pop();
  };
  try {
    expect(await run()).toBe('0 sealed anew.\nThere is no old key.');
    expect(await run()).toMatch(
      /^0 sealed anew\.\nThe old key is still there\. Backups [^\n]* copy it now, [^\n]* after \d{4}-[^\n]* deleted here\.$/,
    );
    later(made.environment.DATA_DIR);
    expect(await run()).toContain('0 sealed anew.\nThe old key is deleted.');
    expect(sealKeys(made.environment.DATA_DIR)).toEqual(['seal-2.key']);
  } finally {
    log.mockRestore();
    process.env = before;
    await made.drop();
  }
}, 60_000);

test('killed again and again on its way, it goes on where it was: nothing is lost, and no further key begun', async () => {
  await build();
  const made = await makeDatabase();
  const { DATA_DIR } = made.environment;
  const inApp = async <T>(work: (app: TestApp) => Promise<T>) => {
    const app = await startApp({ ...made.environment, LIMITS: 'off' });
    return work(app).finally(() => app.close());
  };
  const command = () =>
    spawn(process.execPath, ['dist/src/cli.js', 'keys', 'rotate', 'seal', '--json'], {
      ...{ cwd: projectRoot, env: { PATH: process.env.PATH, ...made.environment } },
    });
  const count = 6000;
  try {
    const { petitionId, ids } = await inApp(async (app) => {
      const id = await openPetition(app);
      return { petitionId: id, ids: await addSigners(app, id, count) };
    });
    const numbers = () =>
      inApp(async ({ database, get }) => {
        const rows: { id: string; box: Uint8Array }[] = await database.query(`SELECT id, box FROM signatures`);
        const names = rows.map(({ id, box }) => openBox(get(Vault), petitionId, id, Buffer.from(box)).name);
        expect(new Set(names)).toEqual(new Set(ids.map((_, n) => `Signer ${n}`)));
        return rows.filter(({ box }) => box[0] === 2).length;
      });
    // The run stops at this row, in the middle of a batch, until it is killed.
    const sorted = ids.toSorted();
    const stopAt = (id: string) =>
      inApp(({ database }) =>
        database.query(
          `CREATE OR REPLACE FUNCTION stop() RETURNS trigger AS $$ BEGIN
             IF new.id = '${id}' THEN PERFORM pg_sleep(12); END IF; RETURN new; END $$ LANGUAGE plpgsql;
           CREATE OR REPLACE TRIGGER stop BEFORE UPDATE ON signatures FOR EACH ROW EXECUTE FUNCTION stop()`,
        ),
      );
    const reached: number[] = [];
    for (const row of [250, 2250, 4100]) {
      await stopAt(sorted[row]!);
      const child = command();
      const ended = new Promise((done) => child.once('close', done));
      await sleep(9000);
      child.kill('SIGKILL');
      await ended;
      reached.push(await numbers());
      expect(sealKeys(DATA_DIR)).toEqual(['seal-2.key', 'seal.key']);
    }
    // The embedded database may lose what was last committed; then it is done once more.
    expect(reached).toEqual(reached.toSorted((a, b) => a - b));
    expect(reached[0]).toBe(0);
    expect(reached.at(-1)).toBeGreaterThan(0);
    expect(reached.at(-1)).toBeLessThanOrEqual(4000);
    await inApp(({ database }) => database.query(`DROP TRIGGER stop ON signatures; DROP FUNCTION stop`));
    const finish = async () => {
      const child = command();
      let out = '';
      child.stdout.on('data', (text: Buffer) => (out += text.toString()));
      expect(await new Promise((done) => child.once('close', done))).toBe(0);
      return JSON.parse(out) as { resealed: number };
    };
    expect(await finish()).toMatchObject({ resealed: count - reached.at(-1)!, left: 0, oldKeys: 1 });
    expect(await numbers()).toBe(count);
    later(DATA_DIR);
    expect(await finish()).toMatchObject({ resealed: 0, left: 0, oldKeys: 0 });
    expect(sealKeys(DATA_DIR)).toEqual(['seal-2.key']);
    expect(await numbers()).toBe(count);
  } finally {
    await made.drop();
  }
}, 240_000);
