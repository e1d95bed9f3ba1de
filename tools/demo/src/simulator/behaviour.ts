import type { Currency } from './countries';
import { Weighted, hash, type Random } from './random';
import type { Channel, TransactionType } from './records';
import { DAY, HOUR, MILLISECOND, MINUTE, SECOND, type Micros } from './time';

export interface Category {
  readonly name: string;
  /** Share of the shops. */
  readonly share: number;
  /** Half of the baskets are below this, in US dollars at US prices. */
  readonly basket: number;
  /** What its merchants pay, in ten-thousandths of the amount. */
  readonly feeRate: number;
  readonly tags: readonly string[];
}

export const CATEGORIES: readonly [Category, ...Category[]] = [
  { name: 'food', share: 26, basket: 7, feeRate: 70, tags: ['delivery', 'dine-in', 'halal', 'street food'] },
  { name: 'groceries', share: 20, basket: 16, feeRate: 60, tags: ['minimarket', 'supermarket', 'wet market'] },
  { name: 'transport', share: 12, basket: 3.5, feeRate: 50, tags: ['ride-hailing', 'parking', 'toll'] },
  { name: 'telecom', share: 8, basket: 6, feeRate: 40, tags: ['prepaid', 'data'] },
  { name: 'retail', share: 14, basket: 32, feeRate: 150, tags: ['fashion', 'electronics', 'online', 'sale, 50%'] },
  { name: 'utilities', share: 4, basket: 28, feeRate: 30, tags: ['electricity', 'water', 'internet'] },
  { name: 'entertainment', share: 6, basket: 9, feeRate: 180, tags: ['games', 'streaming', 'cinema'] },
  { name: 'health', share: 5, basket: 22, feeRate: 90, tags: ['pharmacy', 'clinic'] },
  { name: 'travel', share: 3, basket: 110, feeRate: 200, tags: ['flights', 'hotel', 'bus'] },
  { name: 'education', share: 2, basket: 75, feeRate: 40, tags: ['tuition', 'courses'] },
];

/** What decides a customer's next move. Money in smallest units. */
export interface Situation {
  readonly currency: Currency;
  readonly priceLevel: number;
  readonly available: number;
  readonly payday: boolean;
  readonly kycTier: number;
}

export type CustomerMove = 'top_up' | 'transfer' | 'payment' | 'withdrawal';

const ordinary = new Weighted<CustomerMove>([
  ['payment', 63],
  ['transfer', 22],
  ['top_up', 9],
  ['withdrawal', 6],
]);
const wealthy = new Weighted<CustomerMove>([
  ['payment', 54],
  ['transfer', 27],
  ['top_up', 3],
  ['withdrawal', 16],
]);

/** The most one movement may be, by KYC tier, in US dollars. */
const KYC_LIMITS = [150, 1_500, 15_000, 100_000] as const;

export function kycLimit(currency: Currency, tier: number): number {
  return (KYC_LIMITS[tier] ?? KYC_LIMITS[0]) * currency.dollar;
}

export function chooseMove(random: Random, situation: Situation): CustomerMove {
  const meal = 5 * situation.currency.dollar * situation.priceLevel;
  if (situation.available < meal && random.chance(0.9)) return 'top_up';
  return situation.available > 30 * meal ? wealthy.pick(random) : ordinary.pick(random);
}

/** A believable amount for the move, in smallest units, at least one step of the currency. */
export function chooseAmount(random: Random, move: CustomerMove, situation: Situation, basket: number): number {
  const { currency, available } = situation;
  const dollar = currency.dollar * situation.priceLevel;
  switch (move) {
    case 'payment':
      return roundTo(random.logNormal(basket * dollar, 0.7), currency.step);
    case 'transfer': {
      const wanted = roundTo(random.logNormal(12 * dollar, 1.1), 10 * currency.step);
      return wanted > available && random.chance(0.7) ? roundDown(available * 0.9, currency.step) : wanted;
    }
    case 'top_up':
      return roundTo(random.logNormal(36 * dollar * (situation.payday ? 1.8 : 1), 0.8), 100 * currency.step);
    case 'withdrawal':
      return roundDown(available * (0.3 + 0.65 * random.next()), currency.step);
    default:
      throw new TypeError(`unknown move ${String(move satisfies never)}`);
  }
}

/**
 * People know their limit: one in twelve who want more still tries, with somewhat more than it allows. Else those whose
 * balance is far above their limit fail again and again, and failed value dwarfs completed value.
 */
export function mindLimit(random: Random, wanted: number, limit: number, step: number): number {
  if (wanted <= limit) return wanted;
  return roundDown(limit * (random.chance(0.08) ? 1 + 0.5 * random.next() : 0.4 + 0.55 * random.next()), step);
}

function roundTo(amount: number, step: number): number {
  return Math.max(1, Math.round(amount / step)) * step;
}

export function roundDown(amount: number, step: number): number {
  return Math.max(1, Math.floor(amount / step)) * step;
}

const CHANNELS: Readonly<Record<TransactionType, Weighted<Channel>>> = {
  payment: new Weighted<Channel>([
    ['qr', 58],
    ['app', 26],
    ['web', 13],
    ['api', 3],
  ]),
  transfer: new Weighted<Channel>([
    ['app', 90],
    ['web', 6],
    ['qr', 4],
  ]),
  top_up: new Weighted<Channel>([
    ['bank_transfer', 55],
    ['card', 25],
    ['agent', 20],
  ]),
  withdrawal: new Weighted<Channel>([
    ['bank_transfer', 80],
    ['agent', 20],
  ]),
  refund: new Weighted<Channel>([
    ['api', 80],
    ['web', 20],
  ]),
  reversal: new Weighted<Channel>([['api', 1]]),
  chargeback: new Weighted<Channel>([['api', 1]]),
};

export function chooseChannel(random: Random, type: TransactionType): Channel {
  return CHANNELS[type].pick(random);
}

/** The fee, which the source wallet pays on top of the amount, in smallest units. `merchantRate` is in 1/10,000. */
export function feeOf(
  type: TransactionType,
  {
    channel,
    amount,
    currency,
    merchantRate,
  }: { readonly channel: Channel; readonly amount: number; readonly currency: Currency; readonly merchantRate: number },
): number {
  switch (type) {
    case 'payment':
      return Math.round((amount * merchantRate) / 10_000);
    case 'transfer':
      return amount > 60 * currency.dollar ? Math.round(amount / 1_000) : 0;
    case 'top_up':
      return channel === 'card' ? Math.round(amount / 100) : 0;
    case 'withdrawal':
      return channel === 'api' ? 0 : roundTo(0.5 * currency.dollar, currency.step);
    case 'refund':
    case 'reversal':
    case 'chargeback':
      return 0;
    default:
      throw new TypeError(`unknown type ${String(type satisfies never)}`);
  }
}

/** Failures that have nothing to do with the balance, as a probability each. */
const MISHAPS: Readonly<Record<TransactionType, readonly (readonly [string, number])[]>> = {
  top_up: [
    ['bank_declined', 0.018],
    ['bank_timeout', 0.006],
    ['risk_blocked', 0.002],
  ],
  payment: [
    ['authentication_failed', 0.008],
    ['merchant_unavailable', 0.006],
    ['network_timeout', 0.005],
    ['risk_blocked', 0.002],
  ],
  transfer: [
    ['authentication_failed', 0.006],
    ['recipient_limit_exceeded', 0.004],
    ['risk_blocked', 0.003],
  ],
  withdrawal: [
    ['bank_rejected', 0.012],
    ['bank_timeout', 0.008],
    ['daily_limit_exceeded', 0.006],
    ['risk_blocked', 0.004],
  ],
  refund: [['merchant_rejected', 0.01]],
  reversal: [],
  chargeback: [['dispute_rejected', 0.2]],
};

/** Failures that are nobody's decision: providers and shops that do not answer. */
const TECHNICAL: ReadonlySet<string> = new Set(['bank_timeout', 'network_timeout', 'merchant_unavailable']);
/** Nearly half of them happen in outages; outside, they are so much rarer, and within, so many of all movements fail. */
const CALM = 0.4;
const FAILING_IN_OUTAGE = 0.6;

/** What decides whether a movement fails. Money in smallest units. */
export interface Attempt {
  readonly type: TransactionType;
  readonly channel: Channel;
  /** The most the customer's KYC tier allows at once, and in what is left of the month. */
  readonly limit: number;
  readonly monthly: number;
  /** A step of a fraud-like burst meets no mishap: whoever looks for it has to know that it is there. */
  readonly planted: boolean;
}

/** Why it fails, or undefined for success. `available` is Infinity where the float pays. */
export function failureOf(
  random: Random,
  { type, channel, limit, monthly, planted }: Attempt,
  { total, available, at }: { readonly total: number; readonly available: number; readonly at: Micros },
): string | undefined {
  let drawn = random.next();
  if (total > available) return 'insufficient_funds';
  if (total > limit) return 'kyc_limit_exceeded';
  if (total > monthly) return 'monthly_limit_exceeded';
  if (planted) return undefined;
  const mishaps = MISHAPS[type];
  const technical = mishaps.find(([reason]) => TECHNICAL.has(reason));
  if (technical !== undefined && isOutage(channel, at) && drawn < FAILING_IN_OUTAGE) return technical[0];
  for (const [reason, probability] of mishaps) {
    const chance = probability * (TECHNICAL.has(reason) ? CALM : 1);
    if (drawn < chance) return reason;
    drawn -= chance;
  }
  return undefined;
}

const CHANNEL_NUMBER: Readonly<Record<Channel, number>> = {
  app: 1,
  web: 2,
  qr: 3,
  agent: 4,
  bank_transfer: 5,
  card: 6,
  api: 7,
};

/** One day in twelve a channel is down for 20 to 89 minutes: a property of the day, the same in every run. */
export function isOutage(channel: Channel, at: Micros): boolean {
  const day = Math.floor(at / DAY);
  const drawn = hash(day, CHANNEL_NUMBER[channel]);
  if (drawn % 12 !== 0) return false;
  const minute = (at - day * DAY) / MINUTE;
  const begins = (drawn >>> 4) % 1_350;
  return minute >= begins && minute < begins + 20 + ((drawn >>> 16) % 70);
}

/** From creation to completed or failed. Banks take minutes, sometimes days; what is inside the wallet takes seconds. */
export function settlementDelay(random: Random, channel: Channel): Micros {
  switch (channel) {
    case 'bank_transfer':
      return Math.round(random.chance(0.01) ? random.logNormal(20 * HOUR, 0.7) : random.logNormal(2 * MINUTE, 1.3));
    case 'agent':
      return Math.round(random.logNormal(25 * SECOND, 0.8));
    case 'card':
      return Math.round(random.logNormal(3 * SECOND, 0.6));
    case 'api':
      return Math.round(random.logNormal(40 * SECOND, 1.2));
    case 'app':
    case 'web':
    case 'qr':
      return Math.round(random.logNormal(900 * MILLISECOND, 0.7)) + 50 * MILLISECOND;
    default:
      throw new TypeError(`unknown channel ${String(channel satisfies never)}`);
  }
}
