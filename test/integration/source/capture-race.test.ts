import { randomInt } from 'node:crypto';
import { connectedTo } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  capture,
  capturedWallet,
  changes,
  type CapturedRow,
  type CapturedWallet,
  type GlobalState,
} from '../../support/source/captured-wallet';

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env.EWALLET_SEED ?? randomInt(2 ** 31));
const milliseconds = process.env.EWALLET_LONG === '1' ? 60_000 : 6_000;
const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

/** `history` is written in the same transactions: what really happened to each key, in the order of its row locks. */
const tables = `
  create table accounts (id bigint primary key, version uuid not null default gen_random_uuid(), amount numeric(20,4) not null);
  create sequence account_id;
  create table history (seq bigserial primary key, id bigint not null, version uuid, copied bool not null default false);
  create function note() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' or (tg_op = 'UPDATE' and old.id <> new.id) then insert into history (id) values (old.id); end if;
    if tg_op <> 'DELETE' then insert into history (id, version) values (new.id, new.version); end if;
    return null;
  end $$;
  create trigger note after insert or update or delete on accounts for each row execute function note();
  insert into accounts select nextval('account_id'), gen_random_uuid(), 1 from generate_series(1, 300)`;

/** One session that trades: savepoints, rollbacks, two-phase commits, deletions, changes of keys, keys used again. */
async function writer(wallet: CapturedWallet, name: number, next: () => number, isOver: () => boolean): Promise<void> {
  const session = await connectedTo(wallet.database);
  const change = async (): Promise<void> => {
    const dice = next();
    const mine = `id % 10 = ${name} and id % 9 = ${Math.floor(next() * 9)}`;
    if (dice < 0.4) {
      await session.query(`insert into accounts values (nextval('account_id'), gen_random_uuid(), $1)`, [
        next().toFixed(4),
      ]);
    } else if (dice < 0.65) {
      await session.query(`update accounts set version = gen_random_uuid() where ${mine}`);
    } else if (dice < 0.8) {
      await session.query(`delete from accounts where ${mine} and id % 3 = 0`);
    } else if (dice < 0.9) {
      // The same key again, in the same transaction or another.
      await session.query(
        `insert into accounts select id, gen_random_uuid(), 2 from (
           select distinct id from history where ${mine} and version is null limit 3) gone
         on conflict do nothing`,
      );
    } else {
      await session.query(
        `update accounts set id = -id, version = gen_random_uuid() where id % 10 = ${name} and id % 13 = 5`,
      );
    }
  };
  try {
    while (!isOver()) {
      await session.query('begin');
      try {
        for (let left = 1 + Math.floor(next() * 3); left > 0; left -= 1) {
          const nested = next() < 0.4;
          if (nested) await session.query('savepoint s');
          await change();
          if (nested) await session.query(next() < 0.5 ? 'rollback to savepoint s' : 'release savepoint s');
          if (next() < 0.3) await pause(next() * 80);
        }
        const end = next();
        if (end < 0.15) await session.query('rollback');
        else if (end < 0.25) {
          const id = `${wallet.slot}-${name}-${Math.floor(next() * 1e9)}`;
          await session.query(`prepare transaction '${id}'`);
          await pause(next() * 60);
          await session.query(next() < 0.8 ? `commit prepared '${id}'` : `rollback prepared '${id}'`);
        } else await session.query('commit');
      } catch (error) {
        // A key that was changed into one that is there, or a deadlock: that transaction did not happen.
        if (!(error instanceof Error && 'code' in error && ['23505', '40P01'].includes(String(error.code))))
          throw error;
        await session.query('rollback');
      }
    }
  } finally {
    await session.end();
  }
}

interface Race {
  readonly rows: readonly CapturedRow[];
  readonly syncs: number;
}

/** Syncs all the while that ten writers trade, then once more. */
async function race(wallet: CapturedWallet, mayStop: boolean): Promise<Race> {
  const method = { cdc_fields: 'all' };
  const config = { ...wallet.config(method), checkpoint_rows: mayStop ? 60 : 100_000 };
  const catalog = await wallet.catalog(['accounts'], method);
  const choose = random(seed ^ 0x5eed);
  const rows: CapturedRow[] = [];
  let state: GlobalState | undefined;
  let syncs = 0;
  const sync = async (stops: boolean): Promise<void> => {
    const stopAt = stops && choose() < 0.6 ? 1 + Math.floor(choose() * 4) : Number.POSITIVE_INFINITY;
    let seen = 0;
    const result = await capture(config, catalog, state, {
      onLine: (line, stop) => {
        if (line.startsWith('{"type":"STATE"') && ++seen === stopAt) stop();
      },
    });
    expect([0, 143]).toContain(result.code);
    rows.push(...changes(result));
    state = result.state;
    syncs += 1;
  };
  const end = Date.now() + milliseconds;
  const writers = Array.from({ length: 10 }, (_, name) =>
    writer(wallet, name, random(seed + name), () => Date.now() > end),
  );
  const trading = Promise.all(writers);
  while (Date.now() < end) await sync(mayStop);
  await trading;
  await sync(false);
  return { rows, syncs };
}

async function truth(
  wallet: CapturedWallet,
): Promise<{ now: Map<string, string>; history: Map<string, (string | null)[]> }> {
  const now = await wallet.admin.query<{ id: string; version: string }>('select id::text, version::text from accounts');
  const past = await wallet.admin.query<{ id: string; version: string | null }>(
    'select id::text, version::text from history order by seq',
  );
  const history = new Map<string, (string | null)[]>();
  for (const { id, version } of past.rows) history.set(id, [...(history.get(id) ?? []), version]);
  return { now: new Map(now.rows.map((row) => [row.id, row.version])), history };
}

/** What a table that is kept by key has in the end. */
function landed(rows: readonly CapturedRow[]): Map<string, string> {
  const table = new Map<string, string>();
  for (const { data } of rows) {
    if (data._ab_cdc_deleted_at === null) table.set(String(data.id), String(data.version));
    else table.delete(String(data.id));
  }
  return table;
}

let wallet: CapturedWallet;

beforeEach(async () => {
  wallet = await capturedWallet((await services()).source, tables);
});

afterEach(async () => {
  await wallet.close();
});

jest.setTimeout(300_000);

test('while ten sessions write, delete and change keys, the copy and the stream give every committed version once, in order', async () => {
  const { rows, syncs } = await race(wallet, false);
  const { now, history } = await truth(wallet);
  expect({ seed, table: sorted(landed(rows)) }).toEqual({ seed, table: sorted(now) });
  const given = new Map<string, (string | null)[]>();
  const copied = new Set<string>();
  for (const { data } of rows) {
    const id = String(data.id);
    if (data._ab_cdc_op === 'copy') copied.add(id);
    given.set(id, [...(given.get(id) ?? []), data._ab_cdc_deleted_at === null ? String(data.version) : null]);
  }
  for (const [id, versions] of given) {
    const all = history.get(id) ?? [];
    // A row that was copied begins at the version that was copied (the first rows are older than the history), every other at its first.
    const expected = copied.has(id)
      ? [versions[0], ...all.slice(all.indexOf(versions[0] ?? null) + 1)]
      : all.slice(-versions.length);
    expect({ seed, id, versions }).toEqual({ seed, id, versions: expected });
  }
  const operations = new Set(rows.map(({ data }) => data._ab_cdc_op));
  expect([...operations].sort()).toEqual(['copy', 'delete', 'insert', 'update']);
  expect(syncs).toBeGreaterThan(2);
  console.log(`capture, seed ${seed}: ${rows.length} records, ${now.size} rows, ${syncs} syncs`);
});

test('syncs stopped at random states, in the first copy too, end with the table as it is', async () => {
  const { rows, syncs } = await race(wallet, true);
  const { now } = await truth(wallet);
  expect({ seed, table: sorted(landed(rows)) }).toEqual({ seed, table: sorted(now) });
  console.log(`capture, stopped at random, seed ${seed}: ${rows.length} records, ${now.size} rows, ${syncs} syncs`);
});

function sorted(table: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...table].sort(([a], [b]) => Number(a) - Number(b));
}
