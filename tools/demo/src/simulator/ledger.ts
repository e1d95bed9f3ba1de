import type { Micros } from './time';

interface Settlement {
  readonly at: Micros;
  readonly source: number;
  readonly destination: number;
  readonly feeWallet: number;
  readonly amount: number;
  readonly fee: number;
}

/**
 * Balances by wallet index, in smallest units: whole numbers below 2^53, so exact. A movement is taken from its source
 * when it is created and reaches its destination when it settles; so at no instant, replayed by settlement, is a balance
 * below zero. The queue of unsettled movements is a binary heap, as long as what is in flight.
 */
export class Ledger {
  private readonly balances: Float64Array;
  private readonly moved: Float64Array;
  private readonly queue: Settlement[] = [];

  constructor(wallets: number) {
    this.balances = new Float64Array(wallets);
    this.moved = new Float64Array(wallets);
  }

  /** What the wallet can spend now. */
  available(wallet: number): number {
    return this.balances[wallet] ?? 0;
  }

  /** When the wallet's balance last changed; 0 for never. */
  movedAt(wallet: number): Micros {
    return this.moved[wallet] ?? 0;
  }

  move(settlement: Settlement): void {
    this.add(settlement.source, -(settlement.amount + settlement.fee));
    this.push(settlement);
  }

  /** Credits all that has settled by `now`. */
  settleUpTo(now: Micros): void {
    for (let next = this.queue[0]; next !== undefined && next.at <= now; next = this.queue[0]) {
      this.pop();
      this.add(next.destination, next.amount);
      this.add(next.feeWallet, next.fee);
      this.moved[next.source] = next.at;
      this.moved[next.destination] = next.at;
      if (next.fee > 0) this.moved[next.feeWallet] = next.at;
    }
  }

  /** At the end of history: what has not settled is still pending, and its money is with its source. */
  close(end: Micros): void {
    this.settleUpTo(end);
    for (const pending of this.queue) this.add(pending.source, pending.amount + pending.fee);
    this.queue.length = 0;
  }

  private add(wallet: number, change: number): void {
    this.balances[wallet] = (this.balances[wallet] ?? 0) + change;
  }

  private push(settlement: Settlement): void {
    const heap = this.queue;
    let child = heap.push(settlement) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= settlement.at) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = settlement;
  }

  private pop(): void {
    const heap = this.queue;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      let smaller = heap[child];
      const right = heap[child + 1];
      if (smaller !== undefined && right !== undefined && right.at < smaller.at) {
        smaller = right;
        child += 1;
      }
      if (smaller === undefined || smaller.at >= last.at) break;
      heap[parent] = smaller;
      parent = child;
    }
    heap[parent] = last;
  }
}
