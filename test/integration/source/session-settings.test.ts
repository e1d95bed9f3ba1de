import type { Client } from 'pg';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { pgBouncerIsAvailable, startPgBouncer, type PgBouncer } from '../../support/pgbouncer';
import { services } from '../../support/services';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(60_000);

const role = uniqueName('reader');
const modes = ['session', 'transaction', 'statement'] as const;
const poolers = new Map<string, PgBouncer>();
let dir: string;
let database: FreshDatabase;
let admin: Client;

/**
 * The role's every setting is one that would change a value, and a schema of its own stands before pg_catalog. One server
 * connection a pooler, so that a client meets what the client before it left behind.
 */
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-session-settings-'));
  database = await freshDatabase((await services()).source);
  admin = await connectedTo(database);
  await admin.query(`
    create table values (id int primary key, at timestamptz, day date, took interval, raw bytea, raws bytea[], rate float8,
      price money, relation regclass, created_at timestamptz);
    insert into values values (1, '2026-01-02 03:04:05.6Z', '2026-12-25', '-1 year -2 days +3:04:05', '\\x00ff', array['\\x00ff'::bytea],
      0.1234567890123456, 1234.5, 'values', '2026-01-02 03:04:05Z');
    create table guarded (id int primary key);
    insert into guarded values (1), (2);
    alter table guarded enable row level security;
    create policy one on guarded using (id = 1);
    create table rates (code text primary key, rate numeric);
    create function rate_of(currency text) returns numeric language sql stable as $$ select rate from rates where code = currency $$;
    insert into rates values ('IDR', 0.000061);
    create view converted as select id, rate_of('IDR') as rate, raw from values;
    create schema shadow;
    create function shadow.encode(bytea, text) returns text language sql as $$ select 'shadowed' $$;
    create function shadow.now() returns timestamptz language sql as $$ select timestamptz '1999-01-01Z' $$;
    create function shadow.max(int) returns int language sql as $$ select 99 $$;
    create function shadow.age(xid) returns int language sql as $$ select 0 $$;
    create function shadow.current_setting(text) returns text language sql as $$ select '1' $$;
    create function shadow.never(int8, int8) returns boolean language sql as $$ select false $$;
    create operator shadow.>= (leftarg = int8, rightarg = int8, function = shadow.never);
    create role ${role} login password '${role}';
    grant usage on schema shadow to ${role};
    grant select on all tables in schema public to ${role};
    alter role ${role} set search_path = shadow, pg_catalog, public;
    alter role ${role} set TimeZone = 'Asia/Jakarta';
    alter role ${role} set DateStyle = 'SQL, DMY';
    alter role ${role} set IntervalStyle = 'sql_standard';
    alter role ${role} set bytea_output = 'escape';
    alter role ${role} set extra_float_digits = -5;
    alter role ${role} set quote_all_identifiers = on;
    alter role ${role} set standard_conforming_strings = off;
    alter role ${role} set lock_timeout = 1;
    alter role ${role} set default_transaction_isolation = 'serializable';`);
  if (!pgBouncerIsAvailable()) return;
  for (const mode of modes) {
    const pooler = await startPgBouncer(await mkdtemp(path.join(dir, `${mode}-`)), database, {
      mode,
      users: { [role]: role, [database.username]: database.password },
      settings: { ignore_startup_parameters: 'extra_float_digits,options', default_pool_size: '1' },
    });
    poolers.set(mode, pooler);
  }
});

afterAll(async () => {
  for (const pooler of poolers.values()) await pooler.stop();
  await admin.query(`drop owned by ${role}; drop role ${role}`);
  await admin.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const configBy = (way: string): Record<string, unknown> =>
  sourceConfig({ ...database, username: role, password: role }, { port: poolers.get(way)?.port ?? database.port });

/** The direct way, and each pooler that is there. */
const testBy = (way: string): typeof test.skip => (way === 'none' || pgBouncerIsAvailable() ? test : test.skip);

describe.each(['none', 'session', 'transaction'])('pooler: %s', (way) => {
  testBy(way)('a role’s settings and a schema before pg_catalog change no value', async () => {
    const config = configBy(way);
    expect((await runWalletSource('check', config)).code).toBe(0);
    const result = await runWalletSource('read', config, await configuredCatalog(config, 'incremental', ['values']));
    expect(result.code).toBe(0);
    expect(records(result)).toEqual([
      {
        id: 1,
        at: '2026-01-02T03:04:05.600000Z',
        day: '2026-12-25',
        took: '-1 years -2 days +03:04:05',
        raw: 'AP8=',
        raws: ['AP8='],
        rate: 0.1234567890123456,
        price: '$1,234.50',
        relation: 'public."values"',
        created_at: '2026-01-02T03:04:05.000000Z',
      },
    ]);
  });

  testBy(way)('rows that a policy hides are an error, not a shorter stream', async () => {
    const config = configBy(way);
    const catalog = await configuredCatalog(config, 'full_refresh', ['guarded']);
    const { code, messages } = await runWalletSource('read', config, catalog);
    const [error] = messages.flatMap(({ trace }) => (trace?.error === undefined ? [] : [trace.error]));
    expect({
      code,
      records: messages.filter(({ record }) => record !== undefined),
      failure: error?.failure_type,
    }).toEqual({
      code: 1,
      records: [],
      failure: 'config_error',
    });
    expect(error?.message).toBe(
      'Could not read stream public.guarded: query would be affected by row-level security policy for table "guarded". ' +
        `Grant the missing privilege to ${role}.`,
    );
  });

  testBy(way)('functions that a view calls find their tables by the role’s search path', async () => {
    const config = configBy(way);
    const result = await runWalletSource(
      'read',
      config,
      await configuredCatalog(config, 'full_refresh', ['converted']),
    );
    expect({ code: result.code, records: records(result) }).toEqual({
      code: 0,
      records: [{ id: 1, rate: 0.000061, raw: 'AP8=' }],
    });
  });
});

describe('through PgBouncer', () => {
  testBy('transaction')('transaction mode: other clients’ settings are neither met nor changed', async () => {
    const config = configBy('transaction');
    const catalog = await configuredCatalog(config, 'full_refresh', ['values']);
    const application = await connectedTo({
      ...database,
      username: role,
      password: role,
      port: poolers.get('transaction')?.port ?? 0,
    });
    try {
      await application.query(`set bytea_output = 'escape'; set extra_float_digits = -10; set lc_monetary = 'C'`);
      const before = await application.query('show all');
      const result = await runWalletSource('read', config, catalog);
      expect(records(result)).toMatchObject([{ raws: ['AP8='], rate: 0.1234567890123456 }]);
      expect((await application.query('show all')).rows).toEqual(before.rows);
    } finally {
      await application.end();
    }
  });

  testBy('statement')('statement mode is refused by name, with the remedy', async () => {
    const { messages } = await runWalletSource('check', configBy('statement'));
    expect(messages.find(({ connectionStatus }) => connectionStatus !== undefined)?.connectionStatus).toEqual({
      status: 'FAILED',
      message:
        `Could not use 127.0.0.1:${String(poolers.get('statement')?.port)}/${database.database}: ` +
        'transaction blocks not allowed in statement pooling mode. PgBouncer stands between and gives each statement ' +
        'another connection: set its pool_mode to session or transaction for this database, or connect to PostgreSQL itself.',
    });
  });
});
