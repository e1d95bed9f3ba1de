import { CATEGORIES } from './behaviour';
import { COUNTRIES } from './countries';
import { hash, searchAbove, type Random } from './random';

/**
 * Whom a movement may involve: customers and merchants by index, in order of sign-up, with how often each is met.
 * The seed fills it from the generated population, real-time trading from the database.
 */
export class Directory {
  private readonly userSums: Float64Array;
  private readonly positions: Int32Array;
  private readonly members: readonly number[][];
  private readonly merchantSums: readonly { readonly indexes: number[]; readonly sums: Float64Array }[];

  /** `userCountries` and `merchantCountries` are indexes into COUNTRIES, `merchantCategories` into CATEGORIES. */
  constructor(
    private readonly userCountries: Uint8Array,
    merchantCountries: Uint8Array,
    private readonly merchantCategories: Uint8Array,
  ) {
    this.userSums = new Float64Array(userCountries.length);
    this.positions = new Int32Array(userCountries.length);
    this.members = COUNTRIES.map(() => []);
    let total = 0;
    userCountries.forEach((country, user) => {
      total += userWeight(user);
      this.userSums[user] = total;
      const members = this.members[country];
      if (members !== undefined) this.positions[user] = members.push(user) - 1;
    });
    this.merchantSums = COUNTRIES.map((country) => {
      const indexes: number[] = [];
      merchantCountries.forEach((home, merchant) => {
        if (home === country.index) indexes.push(merchant);
      });
      let sum = 0;
      return { indexes, sums: Float64Array.from(indexes, (_, rank) => (sum += 1 / (rank + 3) ** 0.8)) };
    });
  }

  /** A customer among the first `signedUp`, heavy users more often. */
  anyUser(random: Random, signedUp: number): number {
    const total = this.userSums[signedUp - 1] ?? 0;
    return searchAbove(this.userSums, random.next() * total, signedUp);
  }

  /** Somebody the customer sends money to: mostly one of a few people of the same country who joined at about the same time. */
  friendOf(random: Random, user: number, signedUp: number): number | undefined {
    const members = this.members[this.userCountries[user] ?? 0] ?? [];
    const position = this.positions[user] ?? 0;
    const acquaintance = random.chance(0.8) ? random.below(4) : random.below(200);
    const distance = (hash(user, acquaintance) % 40) + 1;
    const later = members[position + distance];
    if (later !== undefined && later < signedUp) return later;
    return members[position - distance] ?? members[position - 1];
  }

  /** A merchant of the country, popular ones and the customer's favourite category more often; undefined where there is none. */
  merchantFor(random: Random, user: number, country: number): number | undefined {
    const local = this.merchantSums[country];
    if (local === undefined || local.indexes.length === 0) return undefined;
    const favourite = hash(user, 991) % CATEGORIES.length;
    let merchant = this.drawMerchant(random, local);
    for (let i = 0; i < 2 && this.merchantCategories[merchant] !== favourite; i++) {
      merchant = this.drawMerchant(random, local);
    }
    return merchant;
  }

  private drawMerchant(random: Random, local: { indexes: number[]; sums: Float64Array }): number {
    const drawn = random.next() * (local.sums.at(-1) ?? 0);
    return local.indexes[searchAbove(local.sums, drawn, local.sums.length)] ?? 0;
  }
}

/** Pareto: the busiest tenth of the customers makes about half of the movements. The cap keeps one from being everything. */
function userWeight(user: number): number {
  const uniform = (hash(user, 77) + 1) / 0x1_0000_0001;
  return Math.min(uniform ** (-1 / 1.3), 120);
}
