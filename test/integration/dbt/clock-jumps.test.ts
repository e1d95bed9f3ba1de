import { connectedTo } from '../../support/fresh-database';
import { FakeClock, fakeClockIsAvailable } from '../../support/fake-clock';
import { ServerFamily } from '../../support/source/replicated-wallet';
import { compareMarts, setAside } from './compare-marts';
import { dbtOn, expectSuccess, SEEDS_AND_MODELS } from './run-dbt';
import { createWallet, land, settleBalances, trade } from './wallet-data';

jest.setTimeout(600_000);

const DAY = 86_400;
const withClocks = fakeClockIsAvailable() ? test : test.skip;

const same = (lines: readonly string[]) => lines.map((line) => line.replace(/\d+ \+ \d+ differ$/, '0 + 0 differ'));

withClocks(
  'where the warehouse’s clock was a year ahead and is set back every run still takes what changed: the marts equal a full refresh',
  async () => {
    const family = await ServerFamily.make();
    const clock = new FakeClock();
    try {
      clock.jumpTo(365 * DAY);
      const warehouse = await family.start('warehouse', { env: clock.env });
      const dbt = await dbtOn(warehouse.connection);
      const client = await connectedTo(warehouse.connection);
      client.on('error', () => undefined); // the server ends before it where a step fails
      await createWallet(client);
      await land(client, '2026-06-08T00:00:00Z');
      expectSuccess(await dbt.run(SEEDS_AND_MODELS));

      // What lands keeps its order whatever the clock says: the sink sees to that.
      const rounds = [
        { offset: -DAY, from: 901, settles: 53, landed: '2026-06-08T01:00:00Z' },
        { offset: -2 * DAY, from: 961, settles: 106, landed: '2026-06-08T02:00:00Z' },
      ];
      for (const { offset, from, settles, landed } of rounds) {
        clock.jumpTo(offset);
        await trade(client, { from, to: from + 40, start: '2026-03-01Z' });
        await client.query(`
          update transactions set status = 'completed', settled_at = created_at + interval '26 hours' where id = ${settles};
          update transactions set amount = amount * 2 where id in (301, ${from - 300});
          delete from transactions where id = ${from - 500};
          update merchants set category = 'health', fee_rate = fee_rate + 0.001, updated_at = now() where id = 2;
          delete from user_activity where id = ${from - 880};
          insert into user_activity (user_id, event, session_id, device, occurred_at)
          values (9, 'login', md5('${from}')::uuid, 'web', '2026-03-03T10:00:00Z')`);
        await settleBalances(client);
        await land(client, landed);
        expectSuccess(await dbt.run(['run']));
      }
      const batches = await client.query(
        'select count(distinct changed_at)::int as n from intermediate.int_transaction_changes',
      );
      expect(batches.rows).toEqual([{ n: 2 }]); // the runs really were incremental

      await setAside(client, 'incremental');
      expectSuccess(await dbt.run(['run']));
      // Earlier fee rates are noted by runs alone, and were set aside with the rest.
      const refreshed = await compareMarts(client, 'incremental', ['merchant_performance.merchant_fee_amount']);
      expect(refreshed).toEqual(same(refreshed));
      const noted = await client.query<{ merchant_id: string; rates: number }>(
        `select merchant_id::text, count(*)::int as rates from intermediate_incremental.int_merchant_fee_rates
         group by 1 having count(*) > 1`,
      );
      expect(noted.rows).toEqual([{ merchant_id: '2', rates: 3 }]);
      await client.end();
    } finally {
      await family.end();
      clock.remove();
    }
  },
);
