import { CATEGORIES } from './behaviour';
import { COUNTRIES, CURRENCIES, countryOfCurrency, homeCountry, usDollar, type Country } from './countries';
import { Directory } from './directory';
import { Random, Weighted, hash } from './random';
import { DAY, HOUR, type Micros } from './time';

/** Random streams, one per concern: see Random. */
const STREAM = { users: 1, merchants: 2 } as const;

const category = new Weighted(CATEGORIES.map((entry, index) => [index, entry.share] as const));

/**
 * Customers and merchants, as typed arrays by index (database id = index + 1), some 80 bytes per customer. What only a row
 * of the table shows (a name, a date of birth) is derived from the index when the row is written.
 */
export interface Population {
  readonly seed: number;
  readonly end: Micros;
  readonly directory: Directory;
  readonly users: {
    readonly count: number;
    readonly createdAt: Float64Array;
    readonly countries: Uint8Array;
    /** When KYC tier 1, 2, 3 was reached; Infinity for never. */
    readonly tierAt: readonly [Float64Array, Float64Array, Float64Array];
    /** When the customer stopped using the wallet; Infinity for never. */
    readonly dormantFrom: Float64Array;
    /** When who had stopped came back, for good; Infinity for never. */
    readonly returnsFrom: Float64Array;
    /** When the customer was suspended after a review, which history decides as it goes; Infinity for never. */
    readonly suspendedFrom: Float64Array;
    readonly homeWallets: Int32Array;
    /** A second wallet in US dollars; -1 for none. */
    readonly dollarWallets: Int32Array;
  };
  readonly merchants: {
    readonly count: number;
    readonly createdAt: Float64Array;
    readonly countries: Uint8Array;
    readonly categories: Uint8Array;
    /** In ten-thousandths. */
    readonly feeRates: Uint16Array;
    /** The wallet of merchant m is firstWallet + m. */
    readonly firstWallet: number;
  };
  /** Float wallets are 0 to currencies-1 in the order of CURRENCIES, fee wallets follow. */
  readonly wallets: {
    readonly count: number;
    readonly owners: Int32Array;
    readonly currencies: Uint8Array;
    readonly firstCustomerWallet: number;
  };
}

export function floatWallet(currency: number): number {
  return currency;
}

export function feeWallet(currency: number): number {
  return CURRENCIES.length + currency;
}

/** Whether the customer has stopped using the wallet, and not come back. */
export function hasLeft({ users }: Population, user: number, at: Micros): boolean {
  return (users.dormantFrom[user] ?? 0) <= at && (users.returnsFrom[user] ?? Infinity) > at;
}

/** Whether the customer may not act any more. */
export function isSuspended({ users }: Population, user: number, at: Micros): boolean {
  return (users.suspendedFrom[user] ?? Infinity) <= at;
}

/** The tier the customer had at an instant. */
export function tierOf(population: Population, user: number, at: Micros): number {
  const [basic, verified, enhanced] = population.users.tierAt;
  return (
    Number((basic[user] ?? Infinity) <= at) +
    Number((verified[user] ?? Infinity) <= at) +
    Number((enhanced[user] ?? Infinity) <= at)
  );
}

/** How many customers a history of so many transactions has: about ten movements a month for each. */
function userCountFor(rows: number, days: number): number {
  return Math.max(20, Math.min(400_000, Math.round((rows * 3) / Math.max(30, days))));
}

export function populate(seed: number, rows: number, days: number, end: Micros): Population {
  const start = end - days * DAY;
  const users = makeUsers(new Random(seed, STREAM.users), userCountFor(rows, days), start, end);
  const merchants = makeMerchants(new Random(seed, STREAM.merchants), Math.round(users.count / 25) + 60, start);
  const firstCustomerWallet = 2 * CURRENCIES.length + merchants.count;
  const homeWallets = new Int32Array(users.count);
  const dollarWallets = new Int32Array(users.count).fill(-1);
  const owners: number[] = [];
  const currencies: number[] = [];
  const open = (owner: number, currency: number): number => {
    owners.push(owner);
    currencies.push(currency);
    return owners.length - 1;
  };
  for (const currency of CURRENCIES) open(-1, currency.index);
  for (const currency of CURRENCIES) open(-1, currency.index);
  merchants.countries.forEach((country, merchant) => open(merchant, countryAt(country).currency.index));
  users.countries.forEach((country, user) => {
    const currency = countryAt(country).currency;
    homeWallets[user] = open(user, currency.index);
    if (currency !== usDollar && hash(user, 31) % 100 < 7) dollarWallets[user] = open(user, usDollar.index);
  });
  return {
    seed,
    end,
    directory: new Directory(users.countries, merchants.countries, merchants.categories),
    users: { ...users, homeWallets, dollarWallets },
    merchants: { ...merchants, firstWallet: 2 * CURRENCIES.length },
    wallets: {
      count: owners.length,
      owners: Int32Array.from(owners),
      currencies: Uint8Array.from(currencies),
      firstCustomerWallet,
    },
  };
}

export function countryAt(index: number): Country {
  return COUNTRIES[index] ?? COUNTRIES[0];
}

function makeUsers(random: Random, count: number, start: Micros, end: Micros) {
  const createdAt = new Float64Array(count);
  const before = Math.ceil(count * 0.3);
  for (let user = 0; user < count; user++) {
    // Exponential growth over the history, which begins with the wallet: three in ten join in the first weeks.
    const share = Math.log1p(random.next() * (Math.E ** 1.6 - 1)) / 1.6;
    const at = start + (end - start) * (user < before ? 0.12 : 1) * share;
    createdAt[user] = Math.floor(at);
  }
  createdAt.sort();
  const tierAt = [new Float64Array(count), new Float64Array(count), new Float64Array(count)] as const;
  const dormantFrom = new Float64Array(count);
  const returnsFrom = new Float64Array(count).fill(Infinity);
  const countries = new Uint8Array(count);
  for (let user = 0; user < count; user++) {
    const joined = createdAt[user] ?? start;
    countries[user] = homeCountry.pick(random).index;
    const basic = random.chance(0.78) ? joined + random.exponential(1.5 * DAY) + HOUR / 4 : Infinity;
    const verified = random.chance(0.45) ? basic + random.exponential(20 * DAY) + HOUR : Infinity;
    const enhanced = random.chance(0.1) ? verified + random.exponential(50 * DAY) + HOUR : Infinity;
    [basic, verified, enhanced].forEach((at, tier) => {
      const times = tierAt[tier];
      if (times !== undefined) times[user] = at < Infinity ? Math.floor(at) : Infinity;
    });
    // One in ten signs up and never puts money in.
    const begins = random.chance(0.9);
    dormantFrom[user] = !begins
      ? joined
      : random.chance(0.5)
        ? Math.floor(joined + random.exponential(60 * DAY))
        : Infinity;
    // Two in five of those who fell silent are won back, a month or more later.
    const stopped = dormantFrom[user] ?? Infinity;
    if (begins && stopped < Infinity && random.chance(0.4)) {
      returnsFrom[user] = Math.floor(stopped + 32 * DAY + random.exponential(14 * DAY));
    }
  }
  const suspendedFrom = new Float64Array(count).fill(Infinity);
  return { count, createdAt, countries, tierAt, dormantFrom, returnsFrom, suspendedFrom };
}

function makeMerchants(random: Random, count: number, start: Micros) {
  const createdAt = new Float64Array(count);
  const countries = new Uint8Array(count);
  const categories = new Uint8Array(count);
  const feeRates = new Uint16Array(count);
  for (let merchant = 0; merchant < count; merchant++) {
    // The first few give every currency somewhere to be spent.
    const home = countryOfCurrency(CURRENCIES[merchant] ?? homeCountry.pick(random).currency);
    countries[merchant] = home.index;
    categories[merchant] = category.pick(random);
    const usual = CATEGORIES[categories[merchant] ?? 0]?.feeRate ?? 0;
    feeRates[merchant] = Math.max(5, Math.round((usual * random.between(80, 120)) / 100));
    createdAt[merchant] = Math.floor(start - random.next() * 400 * DAY);
  }
  return { count, createdAt, countries, categories, feeRates };
}
