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
  /** Figures of the wallet's back office, as control totals: of transactions, and the balance of one wallet. */
  readonly totals: string;
  readonly balance: string;
  /** Figures that the wallet has: fewer where it has no merchants and no failures. */
  readonly figures: number;
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
    balance: `select id::text as wallet, balance::text from ledger.accounts where type = 'customer' and balance > 0 order by id limit 1`,
    figures: 19,
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
    balance: `select id as wallet, (amount / 100.0)::numeric(20, 2)::text as balance from app.balances where owner_kind = 'person' and amount > 0 order by id limit 1`,
    figures: 19,
  },
  {
    name: 'state-rows',
    schema: 'core',
    open: ['direction', 'reporting', 'scale.NGN', 'source_time_zone', 'states', 'transaction_status'],
    found: {
      wallet: { key_type: 'text' },
      tables: {
        users: { table: 'identities', rows: "identity_type in ('individual')" },
        merchants: { table: 'identities', rows: "identity_type in ('organization')" },
        transactions: {
          states: { operation: 'coalesce(parent_transaction, transaction_id)', order: 'created_at', parts: 'yes' },
          columns: { settled_at: "case when status in ('APPLIED', 'VOID') then created_at end" },
        },
      },
      values: {
        wallet_kind: { world: 'float', fees: 'fee' },
        transaction_status: { INFLIGHT: 'held', VOID: 'failed' },
      },
    },
    said: /tables\.transactions: \d+ rows: of 102 wallets have a balance that completed transactions do not add up to/,
    totals: `select currency, 'payment' as type, count(distinct parent_transaction)::text as count, sum(precise_amount::numeric / precision)::numeric(20, 2)::text as amount
      from core.transactions where kind = 'purchase' and status = 'APPLIED' group by 1`,
    balance: `select balance_id as wallet, balance::numeric(20, 2)::text from core.balances where indicator = 'customer' and balance > 0 order by 1 limit 1`,
    figures: 13,
  },
  {
    name: 'one-sided',
    schema: 'savings',
    open: [
      'direction',
      'legs',
      'reporting',
      'scale.UGX',
      'scale.USD',
      'source_time_zone',
      'transaction_status',
      'transaction_type',
      'user_status',
      'wallet_status',
    ],
    found: {
      wallet: { key_type: 'bigint' },
      tables: {
        wallets: { virtual: ['float', 'fee'], columns: { kind: "'customer'", user_id: 'client_id' } },
        transactions: {
          legs: {
            operation: 'id',
            wallet: 'savings_account_id',
            amount: 'case when transaction_type_enum in (1) then amount else -amount end',
          },
          columns: {
            status: "case when is_reversed then 'failed' else 'completed' end",
            created_at: 'transaction_date',
            currency: { lookup: 'savings_accounts', key: 'id', by: 'savings_account_id', take: 'currency_code' },
          },
        },
      },
    },
    said: /values\.transaction_type\.7: 160 rows: no meaning is given/,
    totals: `select a.currency_code as currency, 'top_up' as type, count(*)::text as count, sum(t.amount)::numeric(20, 2)::text as amount
      from savings.savings_account_transactions t join savings.savings_accounts a on a.id = t.savings_account_id
      where transaction_type_enum = 1 and not is_reversed group by 1 order by 1`,
    balance: `select id::text as wallet, account_balance::numeric(20, 2)::text as balance from savings.savings_accounts where account_balance > 0 order by id limit 1`,
    figures: 13,
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
      const [own] = (await walk.client.query<Record<string, string>>(wallet.balance)).rows;
      await walk.edit((document) => {
        document.set('control_totals', [...payments, own]);
      });
      const checked = await walk.check();
      expect({ code: checked.code, text: checked.stdout.trim().split('\n').slice(-2) }).toEqual({
        code: 0,
        text: [
          `${payments.length + 1} control totals match; every balance is what its transactions add up to.`,
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
      expect(Object.keys(figures.wallet).length).toBeGreaterThanOrEqual(wallet.figures);
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
