import { expectSuccess } from '../dbt/run-dbt';
import { walletWalk } from './wallet-walk';

jest.setTimeout(600_000);

/** What the figures are read from; the whole build with its tests is mobile-money.test.ts's. */
const MARTS = [
  'dim_users',
  'dim_merchants',
  'dim_currencies',
  'reconciliation',
  'failure_reasons',
  'stg_ewallet__user_activity',
];

interface Wallet {
  readonly name: string;
  readonly schema: string;
  /** What propose cannot know. */
  readonly open: readonly string[];
  /** Lines that say what is special about the wallet. */
  readonly found: object;
  /** Said by check before the person has answered. */
  readonly said: RegExp;
  /** Figures of the wallet's back office, as control totals. */
  readonly totals: string;
}

const wallets: readonly Wallet[] = [
  {
    name: 'double-entry',
    schema: 'ledger',
    open: ['direction', 'reporting', 'scale.PHP', 'scale.USD', 'source_time_zone', 'transaction_status'],
    found: {
      wallet: { key_type: 'bigint', source_time_zone: 'UTC' },
      tables: {
        wallets: {
          columns: {
            user_id: 'customer_id',
            merchant_id: 'merchant_id',
            status: "case when is_frozen then 'frozen' else 'active' end",
          },
        },
        transactions: {
          fee_paid_by: 'source',
          columns: {
            currency: { lookup: 'accounts', key: 'id', by: 'from_account_id', take: 'currency' },
            refund_of_id: 'reverses_id',
          },
        },
      },
      entries: { table: 'entries', amount: 'amount' },
      values: { transaction_status: { posted: 'completed' }, wallet_kind: { settlement: 'float', revenue: 'fee' } },
      currencies: { PHP: { minor_unit_divisor: '1' } },
    },
    said: /currencies\.PHP\.rate_to_usd: [\d,]+ rows: it has no rate/,
    totals: `select a.currency, 'payment' as type, count(*)::text as count, sum(t.amount)::text as amount
      from ledger.transfers t join ledger.accounts a on a.id = t.from_account_id where kind = 'purchase' and state = 'posted' group by 1 order by 1`,
  },
  {
    name: 'jsonb-balances',
    schema: 'app',
    open: ['direction', 'fee_paid_by', 'party_kinds', 'reporting', 'scale.idr', 'scale.usd', 'transaction_status'],
    found: {
      wallet: { key_type: 'text' },
      tables: {
        users: {
          table: 'profiles',
          rows: "kind in ('person')",
          deleted_when: 'is_deleted',
          columns: { email: "(data ->> 'email')" },
        },
        merchants: { table: 'profiles', rows: "kind in ('merchant')", columns: { category: "(data ->> 'category')" } },
        wallets: { columns: { user_id: "case when owner_kind = 'person' then owner_id end" } },
        transactions: {
          columns: {
            type: "(metadata ->> 'type')",
            channel: "(metadata ->> 'channel')",
            amount: 'value',
            fee: 'charge',
          },
        },
      },
      currencies: { idr: { iso: 'IDR', minor_unit_divisor: '100' } },
    },
    said: /rows: more wallets would agree if the receiver paid every fee \(fee_paid_by: destination\): then all do/,
    totals: `select upper(b.asset) as currency, 'payment' as type, count(*)::text as count, (sum(m.value) / 100.0)::numeric(20, 2)::text as amount
      from app.movements m join app.balances b on b.id = m.from_balance_id where metadata ->> 'type' = 'pay' and status = 'done' group by 1 order by 1`,
  },
];

test.each(wallets)(
  '$name: from its raw schema by propose, answers and check to marts that equal its own figures',
  async (wallet) => {
    const walk = await walletWalk(wallet.name, wallet.schema);
    try {
      const proposed = await walk.propose();
      expect({ code: proposed.code, open: openOf(proposed.stdout) }).toEqual({ code: 1, open: wallet.open });
      expect(await walk.mapping()).toMatchObject(wallet.found);
      const before = await walk.check();
      expect(before.code).toBe(1);
      expect(before.stdout).toMatch(wallet.said);
      await walk.answer();
      const { rows: payments } = await walk.client.query<Record<string, string>>(wallet.totals);
      const [own] = (
        await walk.client.query<Record<string, string>>(
          wallet.schema === 'app'
            ? `select id as wallet, (amount / 100.0)::numeric(20, 2)::text as balance from app.balances where owner_kind = 'person' and amount > 0 order by id limit 1`
            : `select id::text as wallet, balance::text from ledger.accounts where type = 'customer' and balance > 0 order by id limit 1`,
        )
      ).rows;
      await walk.edit((document) => {
        document.set('control_totals', [...payments, own]);
      });
      const checked = await walk.check();
      expect({ code: checked.code, text: checked.stdout.trim().split('\n').slice(-2) }).toEqual({
        code: 0,
        text: [
          '3 control totals match; every balance is what its transactions add up to.',
          'The mapping is right as far as the tables and your figures tell.',
        ],
      });
      expect(await walk.render()).toMatchObject({ code: 0 });
      expectSuccess(
        await walk.dbt([
          'build',
          '--exclude-resource-type',
          'test',
          'unit_test',
          '--select',
          ...MARTS.map((name) => `+${name}`),
        ]),
      );
      const figures = await walk.figures();
      expect(Object.keys(figures.wallet).length).toBeGreaterThan(18);
      expect(figures.marts).toEqual(figures.wallet);
      const { rows } = await walk.client.query(
        'select check_name, subject, currency from marts.reconciliation where not is_reconciled',
      );
      expect(rows).toEqual([]);
    } finally {
      await walk.end();
    }
  },
);

/** Names of open questions in a report. */
function openOf(text: string): readonly string[] {
  const [, list = ''] = /questions are open:\n((?: {2}.*\n)*)/.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([\w.]+):/gm)].map(([, id = '']) => id).sort();
}
