import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PostgresConnection } from '@ewallet/local-stack';
import type { Client } from 'pg';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { pgBouncerIsAvailable, startPgBouncer, type PgBouncer } from '../../support/pgbouncer';
import { services } from '../../support/services';
import { dbtOn, expectSuccess, SEEDS_AND_MODELS } from './run-dbt';

jest.setTimeout(600_000);

const EXAMPLE = path.join(PROJECT_ROOT, 'dbt', 'examples', 'another-wallet');
const SEEDS = { EWALLET_DBT_SEEDS: path.relative(path.join(PROJECT_ROOT, 'dbt'), path.join(EXAMPLE, 'seeds')) };
const CURRENCIES = [...SEEDS_AND_MODELS, '--select', '+dim_currencies'];
const TESTS = ['test', '--select', 'unique_grain_dim_currencies_currency'];

/** Names of PostgreSQL's own in a schema that stands before pg_catalog: whoever calls one of them is told. */
const ASTRAY = `create schema led_astray;
  create function led_astray.raise(text, text) returns boolean language plpgsql as $$ begin raise 'led astray'; end $$;
  create operator led_astray.= (leftarg = text, rightarg = text, function = led_astray.raise);
  create operator led_astray.<> (leftarg = text, rightarg = text, function = led_astray.raise)`;

async function fillWallet(client: Client): Promise<Record<string, unknown>> {
  await client.query('create schema purse_db; set search_path = purse_db');
  for (const name of ['wallet.sql', 'transfer_with_state.sql', 'data.sql']) {
    await client.query(await readFile(path.join(EXAMPLE, name), 'utf8'));
  }
  await client.query(`reset search_path; ${ASTRAY}`);
  return parse(await readFile(path.join(EXAMPLE, 'vars.yml'), 'utf8')) as Record<string, unknown>;
}

const withPgBouncer = pgBouncerIsAvailable() ? describe : describe.skip;

withPgBouncer('through PgBouncer', () => {
  let database: FreshDatabase;
  let client: Client;
  let vars: Record<string, unknown>;
  let dir: string;
  let pooler: PgBouncer | undefined;

  beforeAll(async () => {
    database = await freshDatabase((await services()).warehouse, 'dbt');
    client = await connectedTo(database);
    vars = await fillWallet(client);
  });
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ewallet-dbt-pooler-'));
  });
  afterEach(async () => {
    await pooler?.stop();
    pooler = undefined;
    await rm(dir, { recursive: true, force: true });
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  async function through(mode: 'transaction' | 'statement'): Promise<PostgresConnection> {
    const { username, password } = database;
    pooler = await startPgBouncer(dir, database, { mode, users: { [username]: password } });
    return { ...database, port: pooler.port };
  }

  test('in transaction mode models and tests mean PostgreSQL’s own names, whatever path other clients left behind', async () => {
    await client.query(`alter database "${database.database}" set search_path = led_astray, pg_catalog`);
    const pooled = await through('transaction');
    const others = await Promise.all(Array.from({ length: 4 }, async () => connectedTo(pooled)));
    for (const other of others) await other.query('set search_path = led_astray, pg_catalog');
    const dbt = await dbtOn(pooled);
    try {
      for (const command of [CURRENCIES, TESTS]) expectSuccess(await dbt.run(command, vars, SEEDS));
    } finally {
      for (const other of others) await other.end();
    }
    expect((await client.query('select count(*)::int as rows from marts.dim_currencies')).rows).toEqual([{ rows: 3 }]);
  });

  test('in statement mode, which ends every connection that begins a transaction, nothing is built', async () => {
    const dbt = await dbtOn(await through('statement'));
    const result = await dbt.run(CURRENCIES, vars, SEEDS);
    expect(result.code).toBe(2);
    expect(result.stdout).toMatch(/Database Error\s+server closed the connection unexpectedly/);
  });
});

test('where a pooler does not keep what was set no model is built and no test passes: each fails with what to do', async () => {
  const database = await freshDatabase((await services()).warehouse, 'dbt');
  const client = await connectedTo(database);
  const pooler = await forgetfulPooler(database);
  try {
    const vars = await fillWallet(client);
    expectSuccess(await (await dbtOn(database)).run(CURRENCIES, vars, SEEDS));
    const dbt = await dbtOn({ ...database, port: pooler.port });
    for (const command of [['run', '--select', 'dim_currencies'], TESTS]) {
      const { code, stdout } = await dbt.run(command, vars, SEEDS);
      expect({ code, result: /Done\. (.*)/.exec(stdout)?.[1] }).toEqual({
        code: 1,
        result: 'PASS=0 WARN=0 ERROR=1 SKIP=0 NO-OP=0 TOTAL=1',
      });
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'The server was asked for a search_path that begins with pg_catalog and answers "$user", public: a connection pooler ' +
          'stands between that does not keep the statements of a transaction together. Connect to PostgreSQL itself, or set the ' +
          'pooler to pool_mode = session or transaction.',
      );
    }
  } finally {
    await pooler.stop();
    await client.end();
    await database.drop();
  }
});

/** Answers as if search_path were set, and sets something else: what a client sees whose next statement goes elsewhere. */
async function forgetfulPooler({ host, port }: PostgresConnection): Promise<PgBouncer> {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1').replace(/(set_config\(\s*)'search_path'/g, "$1'search.path'");
      far.write(text, 'latin1');
    });
    near.on('end', () => far.end());
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
