/** Deterministic randomness: mulberry32, so that a printed seed makes the same schedule again. */
export class Dice {
  constructor(private state: number) {}

  /** From 0 up to, not including, `below`. */
  roll(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.roll(items.length)]!;
  }
}

/** Things that go wrong while records are written. */
export type Mishap = 'kill' | 'freeze' | 'join' | 'leave' | 'none';

export interface Step {
  /** Transactions written in this step, each with its number of records and its outcome. */
  readonly transactions: readonly { readonly records: number; readonly outcome: 'commit' | 'abort' }[];
  readonly mishap: Mishap;
}

/** A random run: what is written, and what happens to the sinks after each part of it. */
export function randomSchedule(dice: Dice, steps: number): Step[] {
  return Array.from({ length: steps }, (_, index) => ({
    transactions: Array.from({ length: 1 + dice.roll(4) }, () => ({
      records: 1 + dice.roll(120),
      outcome: dice.roll(4) === 0 ? ('abort' as const) : ('commit' as const),
    })),
    // The first step has something to lose only after it.
    mishap: dice.pick<Mishap>(index === 0 ? ['kill', 'freeze'] : ['kill', 'freeze', 'join', 'leave', 'none']),
  }));
}

export function seedsOf(count: number): number[] {
  const first = Number(process.env.EWALLET_SEED ?? Date.now() % 1_000_000);
  return Array.from({ length: count }, (_, index) => first + index);
}
