import { randomInt } from 'node:crypto';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  type StreamState,
} from '../../support/source/wallet-source';

/** A small generator, so that a printed seed repeats the writers' choices (not their timing). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const long = process.env.EWALLET_LONG === '1';
const seed = Number(process.env.EWALLET_SEED ?? randomInt(2 ** 31));

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'lossless');
});

afterAll(async () => {
  await database.drop();
});

async function setUp(table: string): Promise<void> {
  const admin = await connectedTo(database);
  try {
    await admin.query(`create table ${table} (
      id bigint primary key, version uuid not null default gen_random_uuid(), amount numeric(20,4) not null, updated_at timestamptz)`);
    await admin.query(`create index on ${table} (updated_at)`);
    await admin.query(`create sequence ${table}_id`);
    await admin.query(
      `insert into ${table} select nextval('${table}_id'), gen_random_uuid(), 1, now() from generate_series(1, 300)`,
    );
  } finally {
    await admin.end();
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One session that trades until told to stop: long and short transactions, savepoints, rollbacks, two-phase commits. */
async function writer(table: string, name: number, next: () => number, isOver: () => boolean): Promise<void> {
  const session = await connectedTo(database);
  const cursorValue = (): string =>
    ['now()', 'now()', 'clock_timestamp()', "now() - interval '1 day'", "now() + interval '1 hour'", 'null'][
      Math.floor(next() * 6)
    ]!;
  const change = async (): Promise<void> => {
    const dice = next();
    if (dice < 0.5) {
      const { rows } = await session.query<{ id: string }>(`select nextval('${table}_id') as id`);
      if (next() < 0.3) await pause(next() * 30); // an id taken long before its insert
      await session.query(`insert into ${table} values ($1, gen_random_uuid(), $2, ${cursorValue()})`, [
        rows[0]?.id,
        next().toFixed(4),
      ]);
    } else if (dice < 0.75) {
      // the cursor is not touched
      await session.query(`update ${table} set version = gen_random_uuid() where id % 10 = $1 and id % 9 = $2`, [
        name,
        Math.floor(next() * 9),
      ]);
    } else if (dice < 0.9) {
      await session.query(
        `update ${table} set version = gen_random_uuid(), updated_at = ${cursorValue()} where id % 10 = $1 and id % 7 = $2`,
        [name, Math.floor(next() * 7)],
      );
    } else {
      await session.query(`update ${table} set version = gen_random_uuid() where id % 10 = $1`, [name]); // in bulk
    }
  };
  try {
    while (!isOver()) {
      await session.query('begin');
      const changes = 1 + Math.floor(next() * 3);
      for (let index = 0; index < changes; index += 1) {
        const nested = next() < 0.4;
        if (nested) await session.query('savepoint s');
        await change();
        if (nested) await session.query(next() < 0.5 ? 'rollback to savepoint s' : 'release savepoint s');
        if (next() < 0.3) await pause(next() * 120);
      }
      const end = next();
      if (end < 0.15) {
        await session.query('rollback');
      } else if (end < 0.25) {
        const id = `${table}-${name}-${Math.floor(next() * 1e9)}`;
        await session.query(`prepare transaction '${id}'`);
        await pause(next() * 60);
        await session.query(next() < 0.8 ? `commit prepared '${id}'` : `rollback prepared '${id}'`);
      } else {
        await session.query('commit');
      }
    }
  } finally {
    await session.end();
  }
}

interface Figures {
  readonly versions: number;
  readonly lost: number;
  readonly doubled: number;
  readonly syncs: number;
}

/**
 * Syncs all the while that ten writers trade, then once more. Lost: rows whose last version never came. Doubled: row
 * versions (each has an id of its own) that came more than once.
 */
async function race(table: string, method: string, stopSyncs: boolean): Promise<Figures> {
  await setUp(table);
  const config = sourceConfig(database, {
    replication_method: { method },
    checkpoint_rows: stopSyncs ? 40 : 100_000,
  });
  const catalog = await configuredCatalog(config, 'incremental', [table]);
  const versions = new Map<string, number>();
  const latest = new Map<string, string>();
  let states: readonly StreamState[] = [];
  let syncs = 0;
  const choose = random(seed ^ 0x5eed);
  const sync = async (mayStop: boolean): Promise<void> => {
    const stopAt = mayStop && choose() < 0.6 ? 1 + Math.floor(choose() * 4) : Number.POSITIVE_INFINITY;
    let seenStates = 0;
    const result = await runWalletSource('read', config, catalog, {
      state: states,
      onLine: (line, stop) => {
        if (line.includes('"STATE"') && ++seenStates === stopAt) stop();
      },
    });
    expect([0, 143]).toContain(result.code);
    for (const row of records(result) as readonly { id: number; version: string }[]) {
      versions.set(row.version, (versions.get(row.version) ?? 0) + 1);
      latest.set(String(row.id), row.version);
    }
    states = lastStates(result, states);
    syncs += 1;
  };
  const end = Date.now() + (long ? 60_000 : 6_000);
  const writers = Array.from({ length: 10 }, (_, name) =>
    writer(table, name, random(seed + name), () => Date.now() > end),
  );
  const trading = Promise.all(writers);
  while (Date.now() < end) await sync(stopSyncs);
  await trading;
  await sync(false);
  const admin = await connectedTo(database);
  try {
    const { rows } = await admin.query<{ id: string; version: string }>(`select id::text, version::text from ${table}`);
    const lost = rows.filter((row) => latest.get(row.id) !== row.version).length;
    const doubled = [...versions.values()].filter((count) => count > 1).length;
    return { versions: versions.size, lost, doubled, syncs };
  } finally {
    await admin.end();
  }
}

jest.setTimeout(300_000);

test('while ten sessions write, syncs one after another lose nothing and double nothing', async () => {
  const figures = await race('lossless_race', 'Lossless', false);
  console.log(`lossless cursor, seed ${seed}: ${JSON.stringify(figures)}`);
  expect(figures).toMatchObject({ lost: 0, doubled: 0 });
  expect(figures.versions).toBeGreaterThan(300);
  expect(figures.syncs).toBeGreaterThan(3);
});

test('syncs stopped at random states and resumed lose nothing and double nothing', async () => {
  const figures = await race('stopped_race', 'Lossless', true);
  console.log(`lossless cursor, stopped at random, seed ${seed}: ${JSON.stringify(figures)}`);
  expect(figures).toMatchObject({ lost: 0, doubled: 0 });
});

test('the same writers against a plain cursor lose rows: what the lossless cursor is for', async () => {
  const figures = await race('plain_race', 'Cursor', false);
  console.log(`plain cursor, seed ${seed}: ${JSON.stringify(figures)}`);
  expect(figures.lost).toBeGreaterThan(0);
});
