import { failureOf, feeOf, settlementDelay } from './behaviour';
import { burst, type Step } from './bursts';
import { arrivals } from './calendar';
import { endOfHold } from './holds';
import { Ledger } from './ledger';
import { Moves, activeUser, type Draft } from './moves';
import { countryAt, feeWallet, floatWallet, isSuspended, type Population } from './population';
import { carriedOut, type PlantedBurst } from './planted';
import { Random } from './random';
import type { ActivityRecord, TransactionRecord } from './records';
import { suspects, suspensionAfter } from './reviews';
import { intrusion, solitary, visit } from './sessions';
import { DAY, HOUR, MINUTE, SECOND, type Micros } from './time';

/** Random streams, one per concern: see Random. 1 and 2 are the population's. */
const STREAM = { arrivals: 3, moves: 4, sessions: 5, bursts: 6, identity: 7, reviews: 8 } as const;

/**
 * The wallet's past: `rows` transactions in order of creation over the days before the end, and the visits around them.
 * A pure function of its arguments, produced lazily. Memory is the population, what is in flight, and a bounded memory of
 * payments, whatever the number of rows. After the last record `ledger` holds the balances at the end.
 */
export class History {
  readonly ledger: Ledger;
  private readonly random: Random;
  private readonly sessions: Random;
  private readonly bursts: Random;
  private readonly reviews: Random;
  private readonly moves: Moves;
  private steps: Step[] = [];
  private readonly bursted: PlantedBurst[] = [];
  private signedUp = 1;
  private nextId = 1;

  constructor(
    private readonly population: Population,
    private readonly rows: number,
    private readonly days: number,
  ) {
    const { seed } = population;
    this.ledger = new Ledger(population.wallets.count);
    this.random = new Random(seed, STREAM.moves);
    this.sessions = new Random(seed, STREAM.sessions);
    this.bursts = new Random(seed, STREAM.bursts);
    this.reviews = new Random(seed, STREAM.reviews);
    this.moves = new Moves(population, (wallet) => this.ledger.available(wallet), this.random);
  }

  /** The fraud-like bursts that began so far: one in some 1,200 movements. */
  get planted(): readonly PlantedBurst[] {
    return this.bursted.filter(({ until, from }) => until > from);
  }

  *records(): Generator<TransactionRecord | ActivityRecord> {
    const { end, users, seed } = this.population;
    const growth = growthOf(users.createdAt);
    let owed = 0;
    yield* this.identityChecks();
    for (const at of arrivals(this.rows, { days: this.days, end, growth, random: new Random(seed, STREAM.arrivals) })) {
      while (this.signedUp < users.count && (users.createdAt[this.signedUp] ?? Infinity) <= at) this.signedUp += 1;
      // A burst's movements come at their own times; each takes the place of an ordinary one, so that `rows` stays exact.
      for (let step = this.steps[0]; step !== undefined && step.at <= at; step = this.steps[0]) {
        this.steps.shift();
        if (isSuspended(this.population, step.user, step.at)) continue;
        if (step.kind === 'signal') {
          carriedOut(step.burst, step.at);
          yield this.signal(step);
        } else if (this.nextId <= this.rows) {
          this.ledger.settleUpTo(step.at);
          carriedOut(step.burst, step.at);
          yield this.settle(this.moves.ofStep(step, this.signedUp), step.at);
          owed += 1;
        }
      }
      if (owed > 0) owed -= 1;
      else if (this.nextId <= this.rows) yield* this.ordinary(at);
      if (this.bursts.chance(1 / 1_200)) this.plan(at);
    }
    this.ledger.close(end);
  }

  private *ordinary(at: Micros): Generator<TransactionRecord | ActivityRecord> {
    const { sessions } = this;
    this.ledger.settleUpTo(at);
    if (sessions.chance(0.08))
      yield* this.visitAround(activeUser(this.population, sessions, at, this.signedUp), at, 'look');
    const { draft, user } = this.moves.next(at, this.signedUp);
    const online = draft.channel === 'app' || draft.channel === 'qr' || draft.channel === 'web';
    if (user !== undefined && online && sessions.chance(0.22)) yield* this.visitAround(user, at, 'pay');
    yield this.settle(draft, at);
  }

  private visitAround(user: number, at: Micros, purpose: 'pay' | 'look'): ActivityRecord[] {
    // Who comes to pay opens the app before that.
    const opened = purpose === 'look' ? at : at - this.sessions.between(40, 180) * SECOND;
    const joined = this.population.users.createdAt[user] ?? 0;
    const records = visit(this.sessions, user, this.countryOf(user), { at: Math.max(opened, joined), purpose }).filter(
      ({ occurredAt }) => occurredAt <= this.population.end,
    );
    if (records.some(({ event }) => event === 'pin_changed')) this.moves.pinChanged(user, at);
    return records;
  }

  /** Fee, outcome and settlement; the money moves unless it fails. */
  private settle(draft: Draft, at: Micros): TransactionRecord {
    const { random, ledger } = this;
    const { type, channel, source, destination, currency, amount } = draft;
    const fee = feeOf(type, { channel, amount, currency, merchantRate: draft.merchantRate });
    const available = source === floatWallet(currency.index) ? Infinity : ledger.available(source);
    const refused = failureOf(random, draft, { total: amount + fee, available, at });
    const hold = draft.held && refused === undefined ? endOfHold(random) : undefined;
    const reason = refused ?? hold?.reason;
    const settledAt = at + (hold?.after ?? settlementDelay(random, channel));
    const settled = settledAt <= this.population.end;
    const id = this.nextId++;
    if (reason === undefined) {
      this.moves.took(draft, at);
      ledger.move({ at: settledAt, source, destination, feeWallet: feeWallet(currency.index), amount, fee });
      if (type === 'payment' && settled) {
        this.moves.remember({ id, payer: source, merchant: destination, amount, currency, settledAt });
      }
    }
    return {
      kind: 'transaction',
      id,
      type,
      status: settled ? (reason === undefined ? 'completed' : 'failed') : hold === undefined ? 'pending' : 'held',
      sourceWalletId: source + 1,
      destinationWalletId: destination + 1,
      refundOfId: draft.refundOfId,
      currency,
      amount,
      fee,
      channel,
      failureReason: settled ? reason : undefined,
      createdAt: at,
      settledAt: settled ? settledAt : undefined,
    };
  }

  private plan(at: Micros): void {
    const user = activeUser(this.population, this.bursts, at, this.signedUp);
    const steps = burstOf(this.population, this.bursts, {
      user,
      signedUp: this.signedUp,
      start: at + this.bursts.below(HOUR),
      available: (wallet) => this.ledger.available(wallet),
    });
    const [first] = steps;
    if (first !== undefined) {
      this.bursted.push(first.burst);
      this.review(first.burst, Math.max(...steps.map((step) => step.at)));
    }
    this.steps = [...this.steps, ...steps].sort((left, right) => left.at - right.at);
  }

  /** What people make of a burst once it is over. */
  private review(burst: PlantedBurst, lastStep: Micros): void {
    const { suspendedFrom } = this.population.users;
    const at = suspensionAfter(this.reviews, burst.pattern, lastStep);
    for (const user of suspects(burst)) suspendedFrom[user] = Math.min(suspendedFrom[user] ?? Infinity, at);
  }

  private signal(step: Extract<Step, { kind: 'signal' }>): ActivityRecord {
    // The signals of a burst share one session: a uuid drawn from who and which quarter of an hour.
    const session = new Random(step.user, Math.floor(step.at / (15 * MINUTE))).uuid();
    return intrusion(step.user, this.countryOf(step.user), {
      event: step.event,
      attempt: step.attempt,
      sessionId: session,
      at: step.at,
    });
  }

  /** What customers did to reach their KYC tier, customer by customer. */
  private *identityChecks(): Generator<ActivityRecord> {
    const random = new Random(this.population.seed, STREAM.identity);
    const { users, end } = this.population;
    for (let user = 0; user < users.count; user++) {
      const country = this.countryOf(user);
      for (const [index, times] of users.tierAt.entries()) {
        const reached = times[user] ?? Infinity;
        if (reached > end) break;
        const details = { tier: index + 1, document: index === 0 ? 'selfie' : 'national_id' };
        const waited = random.between(2, 12) * MINUTE;
        yield solitary(random, user, { country, event: 'kyc_submitted', more: details, occurredAt: reached - waited });
        if (random.chance(0.07)) {
          yield solitary(random, user, {
            country,
            event: 'kyc_rejected',
            more: { ...details, reason: 'blurred' },
            occurredAt: reached - waited / 2,
          });
        }
        yield solitary(random, user, { country, event: 'kyc_approved', more: details, occurredAt: reached });
      }
    }
  }

  private countryOf(user: number) {
    return countryAt(this.population.users.countries[user] ?? 0);
  }
}

/** A fraud-like burst that starts with the customer; empty where the customer knows nobody. */
export function burstOf(
  population: Population,
  random: Random,
  {
    user,
    signedUp,
    start,
    available,
  }: {
    readonly user: number;
    readonly signedUp: number;
    readonly start: Micros;
    readonly available: (wallet: number) => number;
  },
): Step[] {
  const friends = [0, 1, 2, 3].map(() => population.directory.friendOf(random, user, signedUp));
  const [first, ...rest] = friends
    .filter((friend) => friend !== undefined)
    .filter((friend) => !isSuspended(population, friend, start));
  if (first === undefined) return [];
  const { currency } = countryAt(population.users.countries[user] ?? 0);
  const wealthy = available(population.users.homeWallets[user] ?? 0) >= 5 * currency.dollar;
  return burst(random, start, { user, others: [first, ...rest], currency, wealthy });
}

/** How much busier an instant is for the customers who had joined by then. Asked for hour after hour, in order. */
function growthOf(createdAt: Float64Array): (at: Micros) => number {
  let joined = 0;
  return (at) => {
    while (joined < createdAt.length && (createdAt[joined] ?? Infinity) <= at + DAY) joined += 1;
    return Math.max(1, joined) ** 0.9;
  };
}
