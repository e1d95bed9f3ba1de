import { Failure } from '@ewallet/failure';
import type { Client } from 'pg';
import { CATEGORIES } from './behaviour';
import { COUNTRIES, CURRENCIES, currencyByCode, usDollar } from './countries';
import { Directory } from './directory';
import type { Payment } from './moves';
import type { Population } from './population';
import { MILLISECOND, type Micros } from './time';

/** The e-wallet as it stands in the database, in the form that decisions are made on. */
export interface Market {
  readonly population: Population;
  /** Database ids by index. */
  readonly walletIds: number[];
  readonly userIds: readonly number[];
  /** What each wallet had when the market was read, in smallest units. */
  readonly balances: number[];
  readonly payments: readonly Payment[];
}

interface WalletRow {
  readonly id: string;
  readonly kind: 'customer' | 'merchant' | 'float' | 'fee';
  readonly user_id: string | null;
  readonly merchant_id: string | null;
  readonly currency: string;
  readonly units: string;
}

/**
 * Customers who took part of their own accord in the wallet's last 30 days, or joined then. The others have left, whatever
 * their status says: without this, a third of all customers came back in the minute that trading began.
 */
const STILL_HERE = `
  select case t.type when 'top_up' then r.user_id else p.user_id end as id
    from transactions t
    join wallets p on p.id = t.source_wallet_id join wallets r on r.id = t.destination_wallet_id
   where t.updated_at >= (select max(updated_at) from transactions) - interval '30 days'
  union select id from users where created_at >= (select max(created_at) from users) - interval '30 days'`;

/** @throws Failure where the database holds no e-wallet to trade on. */
export async function readMarket(client: Client, seed: number, now: Micros): Promise<Market> {
  const users = await client.query<{ id: string; country: string; kyc_tier: number; joined: string; active: boolean }>(
    `select id, country, kyc_tier, (extract(epoch from created_at) * 1000)::bigint as joined,
            status = 'active' and id in (select here.id from (${STILL_HERE}) as here where here.id is not null) as active
       from users order by id`,
  );
  const merchants = await client.query<{ id: string; country: string; category: string; rate: string }>(
    `select id, country, category, (fee_rate * 10000)::int as rate from merchants order by id`,
  );
  // A payment needs an active merchant wallet and customer wallet; the rest of a frozen wallet's owner counts as gone.
  const wallets = await client.query<WalletRow>(
    `select w.id, w.kind, w.user_id, w.merchant_id, w.currency, (w.balance * 10 ^ c.scale)::bigint as units
       from wallets w join currencies c on c.code = w.currency
      where w.currency = any($1)
      order by array_position(array['float', 'fee', 'merchant', 'customer'], w.kind),
               case when w.kind in ('float', 'fee') then array_position($1::text[], w.currency::text) end,
               w.merchant_id, w.id`,
    [CURRENCIES.map(({ code }) => code)],
  );
  const expected = 2 * CURRENCIES.length + merchants.rows.length;
  const system = wallets.rows.filter(({ kind }) => kind !== 'customer').length;
  if (users.rows.length === 0 || system !== expected) {
    throw Failure.config(
      'The database holds no e-wallet that this simulator made: run `ewallet-simulator seed` first.',
    );
  }
  const indexOfUser = new Map(users.rows.map(({ id }, index) => [id, index]));
  const indexOfMerchant = new Map(merchants.rows.map(({ id }, index) => [id, index]));
  const homeWallets = new Int32Array(users.rows.length).fill(-1);
  const dollarWallets = new Int32Array(users.rows.length).fill(-1);
  const countries = Uint8Array.from(users.rows, ({ country }) => countryIndex(country));
  wallets.rows.forEach(({ user_id: owner, currency }, wallet) => {
    const user = owner === null ? undefined : indexOfUser.get(owner);
    if (user === undefined) return;
    const home = COUNTRIES[countries[user] ?? 0]?.currency.code === currency;
    (home ? homeWallets : dollarWallets)[user] = wallet;
  });
  const reached = (tier: number): Float64Array =>
    Float64Array.from(users.rows, ({ kyc_tier: has }) => (has >= tier ? 0 : Infinity));
  const merchantCountries = Uint8Array.from(merchants.rows, ({ country }) => countryIndex(country));
  const categories = Uint8Array.from(merchants.rows, ({ category }) =>
    Math.max(
      0,
      CATEGORIES.findIndex(({ name }) => name === category),
    ),
  );
  const walletIds = wallets.rows.map(({ id }) => Number(id));
  return {
    population: {
      seed,
      end: now,
      directory: new Directory(countries, merchantCountries, categories),
      users: {
        count: users.rows.length,
        createdAt: Float64Array.from(users.rows, ({ joined }) => Number(joined) * MILLISECOND),
        countries,
        tierAt: [reached(1), reached(2), reached(3)],
        dormantFrom: Float64Array.from(users.rows, ({ active }, user) =>
          active && (homeWallets[user] ?? -1) >= 0 ? Infinity : 0,
        ),
        returnsFrom: new Float64Array(users.rows.length).fill(Infinity),
        // Who is suspended is not active.
        suspendedFrom: new Float64Array(users.rows.length).fill(Infinity),
        homeWallets,
        dollarWallets,
      },
      merchants: {
        count: merchants.rows.length,
        createdAt: new Float64Array(merchants.rows.length),
        countries: merchantCountries,
        categories,
        feeRates: Uint16Array.from(merchants.rows, ({ rate }) => Number(rate)),
        firstWallet: 2 * CURRENCIES.length,
      },
      wallets: {
        count: wallets.rows.length,
        owners: Int32Array.from(wallets.rows, (row) =>
          row.user_id !== null
            ? (indexOfUser.get(row.user_id) ?? -1)
            : row.merchant_id !== null
              ? (indexOfMerchant.get(row.merchant_id) ?? -1)
              : -1,
        ),
        currencies: Uint8Array.from(wallets.rows, ({ currency }) => (currencyByCode(currency) ?? usDollar).index),
        firstCustomerWallet: expected,
      },
    },
    walletIds,
    userIds: users.rows.map(({ id }) => Number(id)),
    balances: wallets.rows.map(({ units }) => Number(units)),
    payments: await readPayments(client, new Map(walletIds.map((id, index) => [id, index]))),
  };
}

/** The latest completed payments that nobody has given back. */
async function readPayments(client: Client, indexOfWallet: ReadonlyMap<number, number>): Promise<Payment[]> {
  const { rows } = await client.query<{ id: string; payer: string; merchant: string; units: string; currency: string }>(
    `select t.id, t.source_wallet_id as payer, t.destination_wallet_id as merchant, t.currency,
            (t.amount * 10 ^ c.scale)::bigint as units
       from (select * from transactions order by updated_at desc, id desc limit 2000) t
       join currencies c on c.code = t.currency
      where t.type = 'payment' and t.status = 'completed'
        and not exists (select from transactions r
                         where r.refund_of_id = t.id and r.updated_at >= t.updated_at)`,
  );
  return rows.flatMap((row): Payment[] => {
    const payer = indexOfWallet.get(Number(row.payer));
    const merchant = indexOfWallet.get(Number(row.merchant));
    const currency = currencyByCode(row.currency);
    if (payer === undefined || merchant === undefined || currency === undefined) return [];
    return [{ id: Number(row.id), payer, merchant, amount: Number(row.units), currency, settledAt: 0 }];
  });
}

function countryIndex(code: string): number {
  return Math.max(
    0,
    COUNTRIES.findIndex((country) => country.code === code),
  );
}
