import { Client } from 'pg';
import { startOlderPostgres, type OlderServer } from './older-postgresql';
import { dbtOn, expectSuccess } from './run-dbt';
import { createWallet, land, settleBalances, trade } from './wallet-data';

jest.setTimeout(900_000);

/** Of the package that the other tests take version 18 from. It downloads 12 MB a version, hence only in the long run. */
const VERSIONS = ['14.23.0-beta.17', '15.18.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17'];
const long = process.env.EWALLET_LONG === '1';

(long ? test.each(VERSIONS) : test.skip.each(VERSIONS))(
  'on PostgreSQL %s everything builds, every test passes, and what came later is built upon it',
  async (version) => {
    let server: OlderServer | undefined;
    let client: Client | undefined;
    try {
      server = await startOlderPostgres(version);
      const { host, port, database, username: user, password } = server;
      client = new Client({ host, port, database, user, password });
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      expect(rows[0]?.server_version.split('.')[0]).toBe(version.split('.')[0]);
      const dbt = await dbtOn(server);
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
    }
  },
);
