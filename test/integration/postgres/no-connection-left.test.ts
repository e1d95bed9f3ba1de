import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { runAudit } from '../../support/audit/audit-run';
import { runCommand } from '../../support/command';
import { sourceConfig } from '../../support/configurations';
import { connectedTo } from '../../support/fresh-database';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import { configuredCatalog, lastStates, records, runWalletSource } from '../../support/source/wallet-source';

jest.setTimeout(120_000);

let family: ServerFamily;
let server: WalletServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-no-connection-'));
  family = await ServerFamily.make();
  server = await family.start('crowded', {
    settings: {
      max_connections: '10', // an audit of two databases of one server takes more than three
      superuser_reserved_connections: '3',
      max_wal_senders: '0',
      max_replication_slots: '0',
      wal_level: 'replica',
      shared_buffers: '64MB',
    },
  });
  await server.run(`create table payments (id int primary key); insert into payments select generate_series(1, 10);
    create role reader login password 'reader'; grant pg_read_all_data, pg_read_all_stats to reader;
    create schema raw; create table raw.payments as table payments; alter table raw.payments add primary key (id)`);
});
afterAll(async () => {
  await family.end();
  await rm(directory, { recursive: true, force: true });
});

const LEFT =
  'remaining connection slots are reserved for roles with the SUPERUSER attribute. ' +
  'No connection is left: raise max_connections or the limit of the role or database (ALTER ROLE … CONNECTION LIMIT), or end idle sessions';

/** Takes what connections the server has for its users. */
async function crowd(): Promise<readonly Client[]> {
  const clients: Client[] = [];
  for (;;) {
    const next = await connectedTo({ ...server.connection, username: 'reader', password: 'reader' }).catch(
      () => undefined,
    );
    if (next === undefined) return clients;
    clients.push(next);
  }
}

test('with max_connections reached source, audit and status say so as what passes, with what to do, and continue once one is free', async () => {
  const reader = { ...server.connection, username: 'reader', password: 'reader' };
  const { host, port, database, username, password } = reader;
  const url = `postgresql://${username}:${password}@${host}:${port}/${database}`;
  const place = { directory, wallet: reader, warehouse: { ...reader, url, drop: () => Promise.resolve() } };
  const config = sourceConfig(reader);
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const first = await runWalletSource('read', config, catalog);
  await server.run('insert into payments values (11); insert into raw.payments values (11)');
  const message = `Could not connect to ${host}:${port}/${database} as reader: ${LEFT}`;
  const held = await crowd();
  try {
    expect(held.length).toBeGreaterThan(0);
    const check = await runWalletSource('check', config);
    expect(check.messages.at(-1)?.connectionStatus).toEqual({ status: 'FAILED', message: `${message}.` });
    const read = await runWalletSource('read', config, catalog, { state: lastStates(first) });
    expect({ code: read.code, records: records(read), states: lastStates(read) }).toEqual({
      code: 1,
      records: [],
      states: [],
    });
    expect(read.messages.flatMap(({ trace }) => trace?.error ?? [])).toEqual([
      expect.objectContaining({ failure_type: 'transient_error', message: `${message}.` }),
    ]);
    // Not 1, which says that rows differ: nothing was compared.
    expect(await runAudit(place)).toMatchObject({
      code: 3,
      streams: [],
      stderr: expect.stringContaining(`${message}.`) as unknown,
    });
    expect(await status(config, url)).toEqual({
      code: 2,
      down: [
        { hop: 'e-wallet', code: 'ewallet-down', says: message },
        { hop: 'warehouse', code: 'warehouse-down', says: message },
      ],
    });
  } finally {
    for (const client of held) await client.end();
  }
  const after = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  expect({ code: after.code, records: records(after) }).toEqual({ code: 0, records: [{ id: 11 }] });
  expect(await runAudit(place)).toMatchObject({ code: 0, streams: [{ rows: 11 }] });
});

/** What `ewallet-pipeline status` finds down. */
async function status(ewallet: unknown, url: string): Promise<unknown> {
  const file = path.join(directory, 'pipeline.json');
  await writeFile(file, JSON.stringify({ ewallet, warehouse: { 'connection.url': url } }));
  const run = await runCommand('ewallet-pipeline', ['status', '--json', '--config', file]);
  const { lines } = JSON.parse(run.stdout) as {
    lines: { hop: string; findings: { code: string; verdict: string; says: string }[] }[];
  };
  const down = lines.flatMap(({ hop, findings }) =>
    findings.filter(({ verdict }) => verdict === 'down').map(({ code, says }) => ({ hop, code, says })),
  );
  return { code: run.code, down };
}
