import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type PostgresVersion, type RunningStack } from '@ewallet/local-stack';
import type { Client } from 'pg';
import { connectedTo } from '../../support/fresh-database';
import { dbtOn, expectSuccess } from './run-dbt';
import { createWallet, land, settleBalances, trade } from './wallet-data';

jest.setTimeout(900_000);

/** A build of the whole project each, hence only in the long run. */
const VERSIONS: readonly PostgresVersion[] = [14, 15, 16, 17];
const long = process.env.EWALLET_LONG === '1';

(long ? test.each(VERSIONS) : test.skip.each(VERSIONS))(
  'on PostgreSQL %s everything builds, every test passes, and a later build continues from it',
  async (version) => {
    let server: RunningStack | undefined;
    let client: Client | undefined;
    const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-older-warehouse-'));
    try {
      server = await startStack({ dir, only: ['warehouse'], warehouse: { version } });
      const { warehouse } = server.connections;
      client = await connectedTo(warehouse);
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      expect(rows[0]?.server_version.split('.')[0]).toBe(String(version));
      const dbt = await dbtOn(warehouse);
      await createWallet(client);
      await land(client, '2026-06-01T00:00:00Z');
      expectSuccess(await dbt.run(['build'], { strict_reconciliation: true, test_every_layer: true }));
      await trade(client, { from: 901, to: 960, start: '2026-03-01Z' });
      await settleBalances(client);
      await land(client, '2026-06-02T00:00:00Z');
      expectSuccess(
        await dbt.run(['build', '--exclude', 'test_type:unit'], {
          strict_reconciliation: true,
          test_every_layer: true,
        }),
      );
      const facts = await client.query<{ n: number }>('select count(*)::int as n from marts.fct_transactions');
      expect(facts.rows).toEqual([{ n: 960 }]);
    } finally {
      await client?.end();
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
);
