import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, type CommandResult } from '../../support/command';
import { standInConnectors } from './stand-in-connectors';

jest.setTimeout(60_000);

let directory: string;
let connectors: { source: string[]; destination: string[] };

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-test-'));
  connectors = await standInConnectors(directory);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

interface Settings {
  readonly file?: string;
  readonly source?: object;
  readonly destination?: object;
  readonly more?: object;
}

async function run(
  { file = 'sync.json', source = {}, destination = {}, more = {} }: Settings,
  ...flags: readonly string[]
): Promise<CommandResult> {
  const config = {
    source: { command: connectors.source, config: { runs: path.join(directory, 'runs'), ...source } },
    destination: { command: connectors.destination, config: { log: path.join(directory, 'landed'), ...destination } },
    retries: 2,
    backoff_seconds: 0.01,
    ...more,
  };
  await writeFile(path.join(directory, file), JSON.stringify(config));
  return runCommand('ewallet-sync', ['run', '--config', path.join(directory, file), '--log-format', 'json', ...flags]);
}

const attempts = ({ stderr }: CommandResult): number => stderr.split('"event":"attempt failed"').length - 1;
const verdict = ({ code, stderr }: CommandResult): unknown => ({
  code,
  said: stderr
    .split('\n')
    .filter((line) => line.startsWith('ewallet-sync: '))
    .map((line) => line.slice('ewallet-sync: '.length)),
});
const landed = async (): Promise<number> =>
  (await readFile(path.join(directory, 'landed'), 'utf8')).trim().split('\n').length;

const GONE =
  "Stream public.wallets was synced before and the source no longer offers it: its table was dropped or renamed, the role lost SELECT on it or USAGE on its schema, or the source's `schemas` changed; every other stream was synced. Bring it back, or, where it is to stay away, name it in `except`.";

test('a stream that vanished fails each sync with its name, the others are synced, and `except` ends it', async () => {
  expect((await run({ source: { streams: ['users', 'wallets'] } })).code).toBe(0);
  for (const batches of [4, 5]) {
    const without = await run({ source: { streams: ['users'], batches } });
    expect(verdict(without)).toEqual({ code: 2, said: [GONE] });
    expect(attempts(without)).toBe(1);
  }
  expect(await landed()).toBe(80);
  const more = { except: ['wallets'] };
  expect((await run({ source: { streams: ['users'], batches: 6 }, more })).code).toBe(0);
  expect((await run({ source: { streams: ['users'], batches: 6 } })).code).toBe(0);
});

test('two configurations without a name in one folder do not take each other’s state', async () => {
  expect((await run({ file: 'jakarta.json' })).code).toBe(0);
  const other = await run({ file: 'manila.json' });
  expect(verdict(other)).toEqual({
    code: 2,
    said: [
      `The state in ${directory}/ewallet-state/state.json belongs to another configuration, ${directory}/jakarta.json: a sync that went on from it would miss rows. Give each configuration a \`name\` or a \`state_directory\` of its own. If this is the same connection, run it once with --adopt-state.`,
    ],
  });
  expect((await run({ file: 'jakarta.json' })).code).toBe(0);
  expect((await run({ file: 'manila.json', more: { name: 'manila' } })).code).toBe(0);
  expect(await landed()).toBe(60);
});

test('a configuration that is pointed to another database does not continue from the first one’s state', async () => {
  const at = (host: string) => ({ source: { host, port: 5432, database: 'wallet', password: 'not to be shown' } });
  expect((await run(at('one'))).code).toBe(0);
  const moved = await run(at('two'));
  expect(verdict(moved)).toEqual({
    code: 2,
    said: [
      `The state in ${directory}/ewallet-state/state.json was read from one:5432/wallet, and the source is now two:5432/wallet: a sync that went on from it would miss rows of another database. Give each configuration a \`name\` or a \`state_directory\` of its own. If this is the same connection, run it once with --adopt-state. (The same database at a new address is the same connection.)`,
    ],
  });
  expect(await readFile(path.join(directory, 'ewallet-state', 'state.json'), 'utf8')).not.toContain('not to be shown');
  expect((await run(at('two'), '--adopt-state')).code).toBe(0);
  expect((await run(at('two'))).code).toBe(0);
  expect(await landed()).toBe(30);
});

test('--refresh reads one stream from the start, once, also where the first attempt fails', async () => {
  const source = { streams: ['users', 'wallets'] };
  expect((await run({ source })).code).toBe(0);
  const failing = { ...source, failure: 'transient_error', failures: 2 };
  const refreshed = await run({ source: failing }, '--refresh', 'wallets');
  expect({ code: refreshed.code, result: JSON.parse(refreshed.stdout) as unknown }).toMatchObject({
    code: 0,
    result: { attempts: 2, streams: { 'public.wallets': 30 } },
  });
  expect(verdict(await run({ source }, '--refresh', 'walets'))).toEqual({
    code: 2,
    said: ['--refresh walets: there is no such stream in this sync. It has public.users, public.wallets.'],
  });
});

test.each([
  ['config_error', 2, 1],
  ['transient_error', 1, 3],
])(
  'a destination that fails with a %s while the source writes on is the cause, not the pipe that broke',
  async (failure, code, tries) => {
    const result = await run({ source: { batches: 30, width: 100_000 }, destination: { refuse: failure } });
    expect(verdict(result)).toEqual({ code, said: [`the ${failure} of the destination`] });
    expect(attempts(result)).toBe(tries);
  },
);

test('a destination that ends without a word before the source has is no success', async () => {
  const result = await run({ source: { batches: 30, width: 100_000 }, destination: { leave: true } });
  expect(verdict(result)).toEqual({
    code: 1,
    said: ['The destination ended with exit code 0 before the source had. Its log lines are above.'],
  });
});

test('a lock from another machine whose clock is an hour behind is not taken over while its holder lives', async () => {
  const state = path.join(directory, 'ewallet-state');
  await mkdir(state);
  const lock = path.join(state, 'lock');
  await writeFile(lock, JSON.stringify({ pid: 1, host: 'another-machine', started: '1', id: 'x' }));
  let sign = Date.now() / 1_000 - 3_600;
  await utimes(lock, sign, sign);
  const heartbeat = setInterval(() => {
    sign += 1;
    void utimes(lock, sign, sign);
  }, 1_000);
  try {
    expect(verdict(await run({}))).toEqual({
      code: 3,
      said: [
        `Another sync of this connection is running (process 1 on another-machine, lock ${lock}). Wait for it to end.`,
      ],
    });
  } finally {
    clearInterval(heartbeat);
  }
});

/** Only root may mount; elsewhere the tests of a full disk say so. */
const canMount = spawnSync('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d"']).status === 0;

(canMount ? test : test.skip)(
  'a full disk ends the sync with the path, keeps the last state whole, and leaves no lock behind',
  async () => {
    const state = path.join(directory, 'state');
    await mkdir(state);
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', state]);
    try {
      const more = { state_directory: state, retries: 0 };
      expect((await run({ more })).code).toBe(0);
      const before = await readFile(path.join(state, 'state.json'), 'utf8');
      await writeFile(path.join(state, 'filler'), 'x'.repeat(64 * 1024)).catch(() => undefined);
      const full = await run({ source: { batches: 6 }, more });
      expect(verdict(full)).toEqual({
        code: 1,
        said: [
          expect.stringMatching(
            new RegExp(
              `^The lock ${state}/lock cannot be made: the disk is full \\(ENOSPC\\)\\. Free space there; the next run continues from the last state that was kept\\.$`,
            ),
          ) as string,
        ],
      });
      expect(await readdir(state)).toEqual(expect.arrayContaining(['filler', 'state.json']));
      expect(await readdir(state)).not.toContain('lock');
      expect(await readFile(path.join(state, 'state.json'), 'utf8')).toBe(before);
      await rm(path.join(state, 'filler'));
      expect((await run({ source: { batches: 6 }, more })).code).toBe(0);
      expect(await landed()).toBe(60);
    } finally {
      spawnSync('umount', [state]);
    }
  },
);

(canMount ? test : test.skip)(
  'a disk that fills up in the middle of a sync stops it at once; the next one continues from the last state on disk',
  async () => {
    const state = path.join(directory, 'state');
    await mkdir(state);
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', state]);
    try {
      const more = { state_directory: state, retries: 0 };
      const source = { batches: 400, slow: 5, fill: path.join(state, 'filler'), fillAfter: 20 };
      const full = await run({ source, more });
      expect(verdict(full)).toEqual({
        code: 1,
        said: [
          `The state cannot be written to ${state}/state.json: the disk is full (ENOSPC). Free space there; the next run continues from the last state that was kept.`,
        ],
      });
      expect(await landed()).toBeLessThan(4_000);
      await rm(path.join(state, 'filler'));
      expect((await run({ source: { batches: 400 }, more })).code).toBe(0);
      const ids = (await readFile(path.join(directory, 'landed'), 'utf8')).trim().split('\n');
      expect(new Set(ids).size).toBe(4_000);
    } finally {
      spawnSync('umount', [state]);
    }
  },
);
