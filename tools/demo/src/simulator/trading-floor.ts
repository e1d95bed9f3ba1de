import { pause } from '@ewallet/command-line';
import { setMaxListeners } from 'node:events';
import { failureOf, feeOf, settlementDelay } from './behaviour';
import { insertActivity, insertPending, settleMovement, type Movement } from './bookkeeping';
import type { Step } from './bursts';
import type { ConnectionPool } from './connection-pool';
import { homeCountry } from './countries';
import { burstOf } from './history';
import { endOfHold } from './holds';
import { insertCustomer, raiseKycTier } from './life-cycle';
import type { Market } from './market';
import { Moves, activeUser, type Draft } from './moves';
import { countryAt, feeWallet, floatWallet } from './population';
import { carriedOut, plantedLine, type PlantedBurst } from './planted';
import type { Progress } from './progress';
import type { Random } from './random';
import type { ActivityRecord } from './records';
import { intrusion, solitary, visit } from './sessions';
import { MILLISECOND, MINUTE, type Micros } from './time';

/** No more than this many database transactions are held open at a time. */
const HELD = 4;
/** Waiting units of work beyond which arrivals are skipped: the server cannot keep up with the rate. */
const BACKLOG = 200;
/** Settlements on their way; a bound on memory at any rate. */
const IN_FLIGHT = 20_000;
/** The longest a movement takes to settle, in milliseconds: nobody watches for the hours that a bank takes. */
const LONGEST_SETTLEMENT = 15_000;
/** The longest that a hold lasts, in milliseconds, for the same reason. */
const LONGEST_HOLD = 10 * 60_000;
/** Nobody acts again so soon, in milliseconds, where others are there: a small wallet trades far faster than its people could. */
const REST = 90_000;
/** A burst's minutes are this many times shorter in real time. */
const BURST_SPEED = 30;

export interface TradeSummary {
  created: number;
  completed: number;
  failed: number;
  committedLate: number;
  signUps: number;
  kycUpgrades: number;
  skipped: number;
  seconds: number;
}

/** Everything that happens in the wallet in real time, each unit of work in a database transaction of its own. */
export class TradingFloor {
  private readonly moves: Moves;
  private readonly tasks = new Set<Promise<void>>();
  private readonly broken = new AbortController();
  private readonly ended: AbortSignal;
  private readonly indexOfWallet: Map<number, number>;
  private readonly actedAt = new Map<number, number>();
  private readonly bursts: PlantedBurst[] = [];
  private held = 0;
  private readonly summary: TradeSummary = {
    created: 0,
    completed: 0,
    failed: 0,
    committedLate: 0,
    signUps: 0,
    kycUpgrades: 0,
    skipped: 0,
    seconds: 0,
  };

  constructor(
    private readonly market: Market,
    private readonly pool: ConnectionPool,
    private readonly random: Random,
    stop: AbortSignal,
  ) {
    this.moves = new Moves(market.population, (wallet) => market.balances[wallet] ?? 0, random);
    for (const payment of market.payments) this.moves.remember(payment);
    this.indexOfWallet = new Map(market.walletIds.map((id, index) => [id, index]));
    this.ended = AbortSignal.any([stop, this.broken.signal]);
    // Every wait listens to the end of the run: IN_FLIGHT of them at most, which is no leak.
    setMaxListeners(0, this.ended);
  }

  /** Trades at `rate` arrivals a second until the stop. @throws what the database threw, after all that had begun ended. */
  async run(rate: number, progress: Progress): Promise<TradeSummary> {
    const started = Date.now();
    let next = started;
    while (!this.ended.aborted) {
      next += this.random.exponential(1_000 / rate);
      await this.wait(next - Date.now());
      if (this.stopped()) break;
      if (this.pool.queued > BACKLOG || this.tasks.size > IN_FLIGHT) this.summary.skipped += 1;
      else this.arrive();
      progress.update(this.summary.created);
    }
    while (this.tasks.size > 0) await Promise.all(this.tasks);
    progress.finish(this.summary.created);
    if (this.broken.signal.aborted) throw this.broken.signal.reason;
    this.summary.seconds = (Date.now() - started) / 1_000;
    return this.summary;
  }

  /** The fraud-like bursts of this run that began, a line of JSON each. */
  planted(): readonly string[] {
    return this.bursts
      .filter(({ from, until }) => until > from)
      .map((burst) => plantedLine(burst, (user) => this.userId(user)));
  }

  /** Ends a movement after the time its channel takes. It stays pending where the run stops before. */
  settleLater(id: number, movement: Movement, failureReason: string | undefined): void {
    const delay = movement.held
      ? this.random.next() * LONGEST_HOLD
      : Math.min(settlementDelay(this.random, movement.channel) / MILLISECOND, LONGEST_SETTLEMENT);
    this.begin(async () => {
      await this.wait(delay);
      if (this.stopped()) return;
      const outcome = await this.pool.transaction(async (client) => {
        // updated_at is the time of BEGIN: what is written after the wait is stamped before it, and locks nobody meanwhile.
        await this.maybeHold();
        return settleMovement(client, id, movement, failureReason);
      });
      if (outcome === 'gone') return;
      this.summary[outcome] += 1;
      if (outcome === 'completed') this.account(movement);
    });
  }

  /** One arrival: a movement, and now and then something else of a wallet's day. */
  private arrive(): void {
    const { market, random } = this;
    const { population } = market;
    const now = Date.now() * MILLISECOND;
    const { draft, user } = this.moves.next(now, population.users.count, (someone) => this.isRested(someone, now));
    if (user !== undefined) this.actedAt.set(user, now);
    const online = draft.channel === 'app' || draft.channel === 'qr' || draft.channel === 'web';
    this.create(draft, user !== undefined && online && random.chance(0.25) ? this.visitOf(user, now, 'pay') : []);
    if (random.chance(0.08)) this.record(this.visitOf(this.someUser(now), now, 'look'));
    if (random.chance(0.01)) this.signUp();
    if (random.chance(0.01)) this.raiseTier(this.someUser(now), now);
    if (random.chance(1 / 600)) this.startBurst(this.someUser(now), now);
  }

  private create(draft: Draft, visits: readonly ActivityRecord[]): void {
    const { market, random } = this;
    const { type, channel, currency, amount } = draft;
    const fee = feeOf(type, { channel, amount, currency, merchantRate: draft.merchantRate });
    const available = draft.source === floatWallet(currency.index) ? Infinity : (market.balances[draft.source] ?? 0);
    const now = Date.now() * MILLISECOND;
    const refused = failureOf(random, draft, { total: amount + fee, available, at: now });
    // What is refused at once was never held.
    const held = draft.held && refused === undefined;
    const reason = held ? endOfHold(random).reason : refused;
    const movement: Movement = {
      type,
      channel,
      sourceWalletId: this.walletId(draft.source),
      destinationWalletId: this.walletId(draft.destination),
      feeWalletId: this.walletId(feeWallet(currency.index)),
      refundOfId: draft.refundOfId,
      currency,
      amount,
      fee,
      held,
    };
    if (reason === undefined) this.moves.took(draft, now);
    this.begin(async () => {
      const id = await this.pool.transaction(async (client) => {
        for (const record of visits) await insertActivity(client, record);
        const inserted = await insertPending(client, movement);
        if (inserted !== undefined) await this.maybeHold();
        return inserted;
      });
      if (id === undefined) return;
      this.summary.created += 1;
      this.settleLater(id, movement, reason);
      if (reason === undefined && type === 'payment' && !held) {
        const settledAt = Date.now() * MILLISECOND + MINUTE;
        this.moves.remember({ id, payer: draft.source, merchant: draft.destination, amount, currency, settledAt });
      }
    });
  }

  /** Somebody joins and tops up for the first time. */
  private signUp(): void {
    const country = homeCountry.pick(this.random);
    this.begin(async () => {
      const { walletId } = await this.pool.transaction(async (client) => {
        const customer = await insertCustomer(client, this.random, country);
        const opened = solitary(this.random, customer.userId - 1, {
          country,
          event: 'app_open',
          more: { first: 'true' },
          occurredAt: 0,
        });
        await insertActivity(client, { ...opened, userId: customer.userId });
        return customer;
      });
      this.summary.signUps += 1;
      const wallet = this.market.walletIds.push(walletId) - 1;
      this.market.balances[wallet] = 0;
      this.indexOfWallet.set(walletId, wallet);
      const { currency } = country;
      this.create(
        {
          type: 'top_up',
          channel: 'bank_transfer',
          source: floatWallet(currency.index),
          destination: wallet,
          currency,
          amount: Math.round((20 * currency.dollar * country.priceLevel) / currency.step) * currency.step,
          limit: Infinity,
          monthly: Infinity,
          held: false,
          merchantRate: 0,
          refundOfId: undefined,
          planted: false,
        },
        [],
      );
    });
  }

  private raiseTier(user: number, at: Micros): void {
    const country = this.countryOf(user);
    this.begin(async () => {
      const raised = await this.pool.transaction(async (client) => {
        const tier = await raiseKycTier(client, this.userId(user));
        if (tier === undefined) return false;
        for (const event of ['kyc_submitted', 'kyc_approved'] as const) {
          const record = solitary(this.random, user, {
            country,
            event,
            more: { tier, document: 'national_id' },
            occurredAt: at,
          });
          await insertActivity(client, { ...record, userId: this.userId(user) });
        }
        return true;
      });
      if (raised) this.summary.kycUpgrades += 1;
    });
  }

  private startBurst(user: number, now: Micros): void {
    const { population, balances } = this.market;
    const session = this.random.uuid();
    const steps = burstOf(population, this.random, {
      user,
      signedUp: population.users.count,
      start: now,
      available: (wallet) => balances[wallet] ?? 0,
    });
    const [first] = steps;
    if (first !== undefined) this.bursts.push(first.burst);
    for (const step of steps) {
      this.begin(async () => {
        await this.wait((step.at - now) / MILLISECOND / BURST_SPEED);
        if (!this.stopped()) this.carryOut(step, session);
      });
    }
  }

  private carryOut(step: Step, session: string): void {
    const { population } = this.market;
    carriedOut(step.burst, Date.now() * MILLISECOND);
    if (step.kind === 'move') {
      this.create(this.moves.ofStep(step, population.users.count), []);
      return;
    }
    const signal = intrusion(step.user, this.countryOf(step.user), {
      event: step.event,
      attempt: step.attempt,
      sessionId: session,
      at: step.at,
    });
    this.record([{ ...signal, userId: this.userId(step.user) }]);
  }

  private record(records: readonly ActivityRecord[]): void {
    this.begin(() =>
      this.pool.transaction(async (client) => {
        for (const record of records) await insertActivity(client, record);
      }),
    );
  }

  /** One unit of work in three dozen keeps its transaction open for seconds and so commits late. */
  private async maybeHold(): Promise<void> {
    if (this.held >= HELD || !this.random.chance(0.03)) return;
    this.held += 1;
    try {
      await this.wait(1_000 + this.random.exponential(2_500));
      this.summary.committedLate += 1;
    } finally {
      this.held -= 1;
    }
  }

  private account({ sourceWalletId, destinationWalletId, feeWalletId, amount, fee }: Movement): void {
    const { balances } = this.market;
    const add = (walletId: number, change: number): void => {
      const wallet = this.indexOfWallet.get(walletId);
      if (wallet !== undefined) balances[wallet] = (balances[wallet] ?? 0) + change;
    };
    add(sourceWalletId, -(amount + fee));
    add(destinationWalletId, amount);
    add(feeWalletId, fee);
  }

  private begin(work: () => Promise<void>): void {
    const task = work()
      .catch((error: unknown) => {
        this.broken.abort(error);
      })
      .finally(() => {
        this.tasks.delete(task);
      });
    this.tasks.add(task);
  }

  /** Milliseconds, or until the end of the run. */
  private async wait(time: number): Promise<void> {
    await pause(time, this.ended);
  }

  private stopped(): boolean {
    return this.ended.aborted;
  }

  private visitOf(user: number, at: Micros, purpose: 'pay' | 'look'): ActivityRecord[] {
    const userId = this.userId(user);
    const records = visit(this.random, user, this.countryOf(user), { at, purpose });
    if (records.some(({ event }) => event === 'pin_changed')) this.moves.pinChanged(user, at);
    return records.map((record) => ({ ...record, userId }));
  }

  private isRested(user: number, at: Micros): boolean {
    return at - (this.actedAt.get(user) ?? 0) >= REST * MILLISECOND;
  }

  private someUser(at: Micros): number {
    const { population } = this.market;
    return activeUser(population, this.random, at, population.users.count);
  }

  private countryOf(user: number) {
    return countryAt(this.market.population.users.countries[user] ?? 0);
  }

  private userId(user: number): number {
    return this.market.userIds[user] ?? 0;
  }

  private walletId(wallet: number): number {
    return this.market.walletIds[wallet] ?? 0;
  }
}
