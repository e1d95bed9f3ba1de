import {
  CATEGORIES,
  chooseAmount,
  chooseChannel,
  chooseMove,
  kycLimit,
  mindLimit,
  roundDown,
  type CustomerMove,
  type Situation,
} from './behaviour';
import type { Step } from './bursts';
import { isPayday } from './calendar';
import { CURRENCIES, countryOfCurrency, usDollar, type Currency } from './countries';
import { isHeld } from './holds';
import { MonthlyLimits } from './monthly-limits';
import { countryAt, floatWallet, hasLeft, isSuspended, tierOf, type Population } from './population';
import type { Random } from './random';
import type { Channel, ReturnType, TransactionType } from './records';
import { DAY, HOUR, type Micros } from './time';

/** What merchants' side makes of all movements: what goes back, and earnings that go to the bank. */
const SIDE = { refund: 0.012, reversal: 0.003, chargeback: 0.0015, payout: 0.018 } as const;
/** A customer notices on the statement. Disputes that are won go back whole. */
const DISPUTED_AFTER = 4 * DAY;

/** Payments kept in mind for refunds. A bound, so that memory does not grow with history. */
const REFUNDABLE = 4_096;

/** A completed payment that a merchant may give back. Wallets by index. */
export interface Payment {
  readonly id: number;
  readonly payer: number;
  readonly merchant: number;
  readonly amount: number;
  readonly currency: Currency;
  readonly settledAt: Micros;
}

/** What a movement is about, before fee and outcome are known. Wallets by index, money in smallest units. */
export interface Draft {
  readonly type: TransactionType;
  readonly channel: Channel;
  readonly source: number;
  readonly destination: number;
  readonly currency: Currency;
  readonly amount: number;
  /** The most the customer's KYC tier allows at once, and in what is left of the month. */
  readonly limit: number;
  readonly monthly: number;
  /** Reserved first and taken later. */
  readonly held: boolean;
  /** In ten-thousandths of the amount; payments only. */
  readonly merchantRate: number;
  readonly refundOfId: number | undefined;
  /** A step of a fraud-like burst. */
  readonly planted: boolean;
}

interface DraftParts {
  readonly wallet: number;
  readonly situation: Situation;
  readonly signedUp: number;
  /** What may still go out this month. */
  readonly monthly: number;
  readonly fixed: { readonly to: number | undefined; readonly channel: Channel; readonly amount: number } | undefined;
}

/** Who does what next, in history and in real time. It only decides: nothing moves here. */
export class Moves {
  private readonly refundable: Payment[] = [];
  private latest: Payment | undefined;
  private readonly limits = new MonthlyLimits();
  /** Until when a customer may send and withdraw nothing, and when one topped up last. */
  private readonly guarded = new Map<number, Micros>();
  private readonly funded = new Map<number, Micros>();

  constructor(
    private readonly population: Population,
    private readonly available: (wallet: number) => number,
    private readonly random: Random,
  ) {}

  /**
   * The next movement at `at`, when the first `signedUp` customers exist.
   *
   * @param isRested whether a customer may act again so soon
   */
  next(
    at: Micros,
    signedUp: number,
    isRested: (user: number) => boolean = () => true,
  ): { readonly draft: Draft; readonly user: number | undefined } {
    const draw = this.random.next();
    const merchantSide = this.merchantSide(draw, at);
    if (merchantSide !== undefined) return { draft: merchantSide, user: undefined };
    let user = activeUser(this.population, this.random, at, signedUp);
    for (let i = 0; i < 8 && (!isRested(user) || this.keepsToLimit(user, at)); i++) {
      user = activeUser(this.population, this.random, at, signedUp);
    }
    return { draft: this.customerMove(user, at, signedUp), user };
  }

  /** A movement went through: what a customer lets go counts towards the month's limit. */
  took({ type, source, amount, currency }: Draft, at: Micros): void {
    const { merchants, wallets } = this.population;
    if (type === 'top_up' || source < merchants.firstWallet + merchants.count) return;
    this.limits.took(wallets.owners[source] ?? 0, amount, currency, at);
  }

  /** After a changed PIN the wallet lets nobody send or withdraw money for an hour. */
  pinChanged(user: number, at: Micros): void {
    this.guarded.set(user, at + HOUR);
  }

  /** A step of a burst as a movement. */
  ofStep(step: Extract<Step, { kind: 'move' }>, signedUp: number): Draft {
    const { users } = this.population;
    const wallet = users.homeWallets[step.user] ?? 0;
    const { currency, priceLevel } = countryAt(users.countries[step.user] ?? 0);
    const situation = { currency, priceLevel, available: this.available(wallet), payday: false, kycTier: 3 };
    const { amount } = step;
    const units = amount.kind === 'exact' ? amount.units : roundDown(situation.available * amount.of, currency.step);
    const fixed = { to: step.to, channel: step.channel, amount: units };
    return this.draft(step.type, step.user, { wallet, situation, signedUp, monthly: Infinity, fixed });
  }

  /** Payments that may be refunded later; beyond the bound a random one is forgotten. */
  remember(payment: Payment): void {
    this.latest = payment;
    if (this.refundable.length < REFUNDABLE) this.refundable.push(payment);
    else this.refundable[this.random.below(REFUNDABLE)] = payment;
  }

  /** Of those who have used up most of their month nearly all know, and wait for the next. */
  private keepsToLimit(user: number, at: Micros): boolean {
    const left = this.limits.remaining(user, tierOf(this.population, user, at), usDollar, at);
    return left < 60 * usDollar.dollar && this.random.chance(0.9);
  }

  private customerMove(user: number, at: Micros, signedUp: number): Draft {
    const { users, wallets } = this.population;
    const dollars = users.dollarWallets[user] ?? -1;
    const wallet = dollars >= 0 && this.random.chance(0.25) ? dollars : (users.homeWallets[user] ?? 0);
    const currency = currencyAt(wallets.currencies[wallet]);
    const situation: Situation = {
      currency,
      priceLevel: countryOfCurrency(currency).priceLevel,
      available: this.available(wallet),
      payday: isPayday(at),
      kycTier: tierOf(this.population, user, at),
    };
    const chosen = chooseMove(this.random, situation);
    // Whoever has just put money in does not take it out again.
    const keeps =
      (chosen === 'withdrawal' && at - (this.funded.get(user) ?? -HOUR) < HOUR) ||
      ((chosen === 'withdrawal' || chosen === 'transfer') && (this.guarded.get(user) ?? 0) > at);
    const monthly = this.limits.remaining(user, situation.kycTier, currency, at);
    const parts = { wallet, situation, signedUp, monthly, fixed: undefined };
    const draft = this.draft(keeps ? 'payment' : chosen, user, parts);
    if (draft.type === 'top_up') this.funded.set(user, at);
    return draft;
  }

  /** `fixed` comes from a burst; otherwise the customer chooses. A move that has no counterparty becomes a top-up. */
  private draft(move: CustomerMove, user: number, parts: DraftParts): Draft {
    const { wallet, situation, signedUp, fixed } = parts;
    const { directory, merchants } = this.population;
    const { currency } = situation;
    const { random } = this;
    const float = floatWallet(currency.index);
    // The people of a burst had their limits raised.
    const limit = fixed === undefined ? kycLimit(currency, situation.kycTier) : Infinity;
    const amount = (): number => fixed?.amount ?? chooseAmount(random, move, situation, 0);
    const topUpInstead = (): Draft => this.draft('top_up', user, { ...parts, fixed: undefined });
    const planted = fixed !== undefined;
    const monthly = move === 'top_up' ? Infinity : parts.monthly;
    const common = {
      type: move,
      currency,
      limit,
      monthly,
      held: false,
      merchantRate: 0,
      refundOfId: undefined,
      planted,
    };
    const channel = (): Channel => fixed?.channel ?? chooseChannel(random, move);
    switch (move) {
      case 'top_up':
        return {
          ...common,
          channel: channel(),
          source: float,
          destination: wallet,
          amount: Math.min(amount(), limit),
        };
      case 'withdrawal':
        return {
          ...common,
          channel: channel(),
          source: wallet,
          destination: float,
          amount: fixed?.amount ?? mindLimit(random, amount(), limit, currency.step),
        };
      case 'transfer': {
        const friend = fixed?.to ?? directory.friendOf(random, user, signedUp);
        const theirs = friend === undefined ? undefined : this.walletIn(friend, currency);
        if (theirs === undefined || theirs === wallet) return topUpInstead();
        return {
          ...common,
          channel: channel(),
          source: wallet,
          destination: theirs,
          amount: amount(),
        };
      }
      case 'payment': {
        const merchant = directory.merchantFor(random, user, countryOfCurrency(currency).index);
        if (merchant === undefined) return topUpInstead();
        const category = merchants.categories[merchant] ?? 0;
        const paidBy = channel();
        const basket = (CATEGORIES[category] ?? CATEGORIES[0]).basket;
        const units = chooseAmount(random, move, situation, basket);
        // Seven in eight people who cannot pay top up instead of trying.
        if (units * 1.02 > situation.available && random.chance(0.88)) return topUpInstead();
        return {
          ...common,
          channel: paidBy,
          held: isHeld(category, paidBy),
          source: wallet,
          destination: merchants.firstWallet + merchant,
          amount: units,
          merchantRate: merchants.feeRates[merchant] ?? 0,
        };
      }
      default:
        throw new TypeError(`unknown move ${String(move satisfies never)}`);
    }
  }

  /** What merchants do, by a draw from 0 to 1; undefined where a customer moves. */
  private merchantSide(draw: number, at: Micros): Draft | undefined {
    let left = draw;
    for (const [what, share] of Object.entries(SIDE) as [keyof typeof SIDE, number][]) {
      if (left < share) return what === 'payout' ? this.payout() : this.giveBack(what, at);
      left -= share;
    }
    return undefined;
  }

  /** A payment goes back, all or part of it; undefined where there is none to give back, or no money. */
  private giveBack(type: ReturnType, at: Micros): Draft | undefined {
    const payment = this.toGiveBack(type, at);
    if (payment === undefined || payment.settledAt > at) return undefined;
    const part =
      type !== 'refund' || this.random.chance(0.75)
        ? payment.amount
        : Math.min(payment.amount, roundDown(payment.amount * this.random.next(), payment.currency.step));
    if (this.available(payment.merchant) < part) return undefined;
    const index = this.refundable.indexOf(payment);
    const last = this.refundable.pop();
    if (last !== undefined && last !== payment) this.refundable[index] = last;
    return {
      type,
      channel: chooseChannel(this.random, type),
      source: payment.merchant,
      destination: payment.payer,
      currency: payment.currency,
      amount: part,
      limit: Infinity,
      monthly: Infinity,
      held: false,
      merchantRate: 0,
      refundOfId: payment.id,
      planted: false,
    };
  }

  /** Shops refund any payment, a reversal undoes the last one within the hour, and disputes are about what is some days old. */
  private toGiveBack(type: ReturnType, at: Micros): Payment | undefined {
    const { latest, refundable } = this;
    if (type === 'reversal') {
      return latest !== undefined && at - latest.settledAt < HOUR && refundable.includes(latest) ? latest : undefined;
    }
    const payment = refundable[this.random.below(Math.max(1, refundable.length))];
    return type === 'refund' || at - (payment?.settledAt ?? at) > DISPUTED_AFTER ? payment : undefined;
  }

  /** A merchant takes its earnings to the bank; undefined where they are not worth the trip. */
  private payout(): Draft | undefined {
    const { merchants, wallets } = this.population;
    const wallet = merchants.firstWallet + this.random.below(merchants.count);
    const currency = currencyAt(wallets.currencies[wallet]);
    const available = this.available(wallet);
    if (available < 20 * currency.dollar) return undefined;
    return {
      type: 'withdrawal',
      channel: 'api',
      source: wallet,
      destination: floatWallet(currency.index),
      currency,
      amount: roundDown(available * (0.6 + 0.35 * this.random.next()), currency.step),
      limit: Infinity,
      monthly: Infinity,
      held: false,
      merchantRate: 0,
      refundOfId: undefined,
      planted: false,
    };
  }

  private walletIn(user: number, currency: Currency): number | undefined {
    const { users, wallets } = this.population;
    return [users.homeWallets[user], users.dollarWallets[user]].find(
      (wallet) => wallet !== undefined && wallet >= 0 && wallets.currencies[wallet] === currency.index,
    );
  }
}

/** A customer among the first `signedUp` who has not stopped using the wallet, as far as a few tries find one. */
export function activeUser(population: Population, random: Random, at: Micros, signedUp: number): number {
  const { directory } = population;
  const isGone = (user: number): boolean => hasLeft(population, user, at) || isSuspended(population, user, at);
  let user = directory.anyUser(random, signedUp);
  for (let i = 0; i < 8 && isGone(user); i++) user = directory.anyUser(random, signedUp);
  // Somebody who fell silent may look in again, somebody who is suspended may not.
  for (let i = 0; i < 200 && isSuspended(population, user, at); i++) user = directory.anyUser(random, signedUp);
  return user;
}

function currencyAt(index: number | undefined): Currency {
  const currency = CURRENCIES[index ?? 0];
  if (currency === undefined) throw new RangeError(`no currency ${String(index)}`);
  return currency;
}
