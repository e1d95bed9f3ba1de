/**
 * Seeded randomness (sfc32): the same seed and stream give the same numbers on every machine. `stream` separates
 * concerns, so that drawing one more number for an activity does not change the next transaction.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private spare: number | undefined;

  constructor(seed: number, stream: number) {
    this.a = hash(seed, stream);
    this.b = hash(Math.floor(seed / 0x1_0000_0000), this.a);
    this.c = hash(stream, this.b);
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Uniform integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  normal(): number {
    if (this.spare !== undefined) {
      const spare = this.spare;
      this.spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Log-normal by its median: half of the draws are below it, and a large `spread` makes a heavy tail. */
  logNormal(median: number, spread: number): number {
    return median * Math.exp(spread * this.normal());
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** A random (version 4) UUID. */
  uuid(): string {
    const hex = [this.bits(), this.bits(), this.bits(), this.bits()]
      .map((n) => n.toString(16).padStart(8, '0'))
      .join('');
    const variant = '89ab'.charAt(this.below(4));
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

/** Two numbers mixed into 32 bits: a property that belongs to an id needs no memory, only its id. */
export function hash(left: number, right: number): number {
  let h = Math.imul(left ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(right + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A choice among weighted alternatives. */
export class Weighted<T> {
  private readonly cumulative: readonly (readonly [number, T])[];
  private readonly total: number;
  private readonly last: T;

  constructor(choices: readonly (readonly [T, number])[]) {
    let total = 0;
    this.cumulative = choices.map(([value, weight]) => [(total += weight), value] as const);
    this.total = total;
    const last = this.cumulative.at(-1);
    if (last === undefined) throw new RangeError('a weighted choice needs alternatives');
    this.last = last[1];
  }

  pick(random: Random): T {
    const drawn = random.next() * this.total;
    for (const [edge, value] of this.cumulative) if (drawn < edge) return value;
    return this.last;
  }
}

/** First index whose value in the ascending `sums` is above `drawn`, among the first `length`. */
export function searchAbove(sums: Float64Array, drawn: number, length: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > drawn) high = middle;
    else low = middle + 1;
  }
  return low;
}
