import { CATEGORIES } from './behaviour';
import { CURRENCIES, type Currency } from './countries';
import type { Ledger } from './ledger';
import { countryAt, hasLeft, isSuspended, tierOf, type Population } from './population';
import { Random, hash } from './random';
import type { ActivityRecord, TransactionRecord } from './records';
import { DAY, dateText, timestampText, type Micros } from './time';

/** Random stream for what only a row shows. */
const DETAILS = 9;

const NULL = '\\N';

/** Columns in the order of the lines below. */
export const COLUMNS = {
  currencies: ['code', 'name', 'scale', 'updated_at'],
  users: [
    'id',
    'public_id',
    'full_name',
    'email',
    'phone',
    'country',
    'date_of_birth',
    'kyc_tier',
    'kyc_verified_at',
    'status',
    'referred_by',
    'created_at',
    'updated_at',
  ],
  merchants: ['id', 'name', 'category', 'country', 'city', 'fee_rate', 'tags', 'status', 'created_at', 'updated_at'],
  wallets: ['id', 'kind', 'user_id', 'merchant_id', 'currency', 'balance', 'status', 'created_at', 'updated_at'],
  transactions: [
    'id',
    'type',
    'status',
    'source_wallet_id',
    'destination_wallet_id',
    'refund_of_id',
    'currency',
    'amount',
    'fee',
    'channel',
    'failure_reason',
    'created_at',
    'settled_at',
    'updated_at',
  ],
  user_activity: ['id', 'user_id', 'event', 'session_id', 'device', 'ip', 'country', 'properties', 'occurred_at'],
} as const;

export type TableName = keyof typeof COLUMNS;

/** Whole smallest units as decimal text: 1234 with scale 2 is 12.34. Exact: no division of the number. */
export function moneyText(units: number, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(Math.abs(units)).padStart(scale + 1, '0');
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return units < 0 ? `-${text}` : text;
}

/** A value as COPY's text format wants it. */
function escaped(text: string): string {
  return /[\\\t\n\r]/.test(text)
    ? text.replace(/\\/g, '\\\\').replace(/\t/g, '\\t').replace(/\n/g, '\\n').replace(/\r/g, '\\r')
    : text;
}

export function transactionLine(row: TransactionRecord): string {
  const { scale, code } = row.currency;
  const created = timestampText(row.createdAt);
  const settled = row.settledAt === undefined ? NULL : timestampText(row.settledAt);
  return `${row.id}\t${row.type}\t${row.status}\t${row.sourceWalletId}\t${row.destinationWalletId}\t${row.refundOfId ?? NULL}\t${code}\t${moneyText(row.amount, scale)}\t${moneyText(row.fee, scale)}\t${row.channel}\t${row.failureReason ?? NULL}\t${created}\t${settled}\t${settled === NULL ? created : settled}\n`;
}

export function activityLine(row: ActivityRecord, id: number): string {
  return `${id}\t${row.userId}\t${row.event}\t${row.sessionId}\t${row.device}\t${row.ip}\t${row.country}\t${escaped(JSON.stringify(row.properties))}\t${timestampText(row.occurredAt)}\n`;
}

export function* currencyLines(at: Micros): Generator<string> {
  for (const currency of CURRENCIES) yield line([currency.code, currency.name, currency.scale, timestampText(at)]);
}

export function* merchantLines(population: Population): Generator<string> {
  const random = new Random(population.seed, DETAILS);
  const { merchants } = population;
  for (let merchant = 0; merchant < merchants.count; merchant++) {
    const country = countryAt(merchants.countries[merchant] ?? 0);
    const category = CATEGORIES[merchants.categories[merchant] ?? 0] ?? CATEGORIES[0];
    const tags = category.tags.filter(() => random.chance(0.5)).map((tag) => `"${tag}"`);
    const created = timestampText(merchants.createdAt[merchant] ?? 0);
    yield line([
      merchant + 1,
      `${random.pick(country.familyNames)} ${SHOPS[category.name] ?? 'Store'} ${merchant + 1}`,
      category.name,
      country.code,
      random.pick(country.cities),
      moneyText(merchants.feeRates[merchant] ?? 0, 4),
      `{${tags.join(',')}}`,
      random.chance(0.98) ? 'active' : 'suspended',
      created,
      created,
    ]);
  }
}

const SHOPS: Readonly<Record<string, string>> = {
  food: 'Kitchen',
  groceries: 'Mart',
  transport: 'Ride',
  telecom: 'Mobile',
  retail: 'Store & Co',
  utilities: 'Power',
  entertainment: 'Games',
  health: 'Pharmacy',
  travel: 'Travel',
  education: 'Academy',
};

export function* userLines(population: Population, ledger: Ledger): Generator<string> {
  const random = new Random(population.seed, DETAILS + 1);
  const { users, end } = population;
  for (let user = 0; user < users.count; user++) {
    const created = users.createdAt[user] ?? 0;
    const country = countryAt(users.countries[user] ?? 0);
    const given = random.pick(country.givenNames);
    const family = random.pick(country.familyNames);
    const tier = tierOf(population, user, end);
    const reached = tier === 0 ? undefined : users.tierAt[tier - 1]?.[user];
    const status = statusOf(population, ledger, user);
    const left = status === 'active' ? 0 : leftAt(population, user);
    yield line([
      user + 1,
      random.uuid(),
      country.code === 'VN' ? `${family} ${given}` : `${given} ${family}`,
      `user${user + 1}@${random.pick(['mail', 'post', 'inbox'])}.example`,
      `${country.dialling}${random.between(800_000_000, 999_999_999)}`,
      country.code,
      random.chance(0.04) ? undefined : dateText(created - random.between(18 * 365, 65 * 365) * DAY),
      tier,
      reached === undefined ? undefined : timestampText(reached),
      status,
      user > 10 && random.chance(0.2) ? random.below(user) + 1 : undefined,
      timestampText(created),
      timestampText(Math.max(created, reached ?? 0, left)),
    ]);
  }
}

export function* walletLines(population: Population, ledger: Ledger): Generator<string> {
  const { users, merchants, wallets } = population;
  const start = merchants.createdAt.reduce((earliest, at) => Math.min(earliest, at), population.end);
  for (let wallet = 0; wallet < wallets.count; wallet++) {
    const currency = CURRENCIES[wallets.currencies[wallet] ?? 0];
    if (currency === undefined) throw new RangeError(`wallet ${wallet} has no currency`);
    const owner = wallets.owners[wallet] ?? -1;
    const customer = wallet >= wallets.firstCustomerWallet;
    const merchant = !customer && wallet >= merchants.firstWallet;
    const kind = customer ? 'customer' : merchant ? 'merchant' : wallet < CURRENCIES.length ? 'float' : 'fee';
    const created = (customer ? users.createdAt[owner] : merchant ? merchants.createdAt[owner] : start) ?? start;
    const frozen = customer && statusOf(population, ledger, owner) === 'suspended';
    const left = frozen ? leftAt(population, owner) : 0;
    yield line([
      wallet + 1,
      kind,
      customer ? owner + 1 : undefined,
      merchant ? owner + 1 : undefined,
      currency.code,
      balanceText(ledger, wallet, currency),
      frozen ? 'frozen' : 'active',
      timestampText(created),
      timestampText(Math.max(created, ledger.movedAt(wallet), left)),
    ]);
  }
}

function balanceText(ledger: Ledger, wallet: number, currency: Currency): string {
  return moneyText(ledger.available(wallet), currency.scale);
}

/** When somebody who is no longer active was suspended or stopped, whichever made the status what it is. */
function leftAt(population: Population, user: number): Micros {
  const { users, end } = population;
  return isSuspended(population, user, end) ? (users.suspendedFrom[user] ?? 0) : (users.dormantFrom[user] ?? 0);
}

/** Those whom a review suspended; some of those who stopped were suspended; some of those who stopped with nothing left closed their account. */
function statusOf(population: Population, ledger: Ledger, user: number): 'active' | 'suspended' | 'closed' {
  const { users, end } = population;
  if (isSuspended(population, user, end)) return 'suspended';
  if (!hasLeft(population, user, end)) return 'active';
  const draw = hash(user, 1_313) % 100;
  if (draw < 5) return 'suspended';
  const dollars = users.dollarWallets[user] ?? -1;
  const empty =
    ledger.available(users.homeWallets[user] ?? 0) === 0 && (dollars < 0 || ledger.available(dollars) === 0);
  return empty && draw < 40 ? 'closed' : 'active';
}

function line(values: readonly (string | number | undefined)[]): string {
  return `${values.map((value) => (value === undefined ? NULL : escaped(String(value)))).join('\t')}\n`;
}
