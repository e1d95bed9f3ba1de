import type { Currency } from './countries';
import { monthOf, type Micros } from './time';

/** The most that may leave a customer's wallets within a month of the calendar, by KYC tier, in US dollars. */
const MONTHLY = [600, 5_000, 50_000, 400_000] as const;

/** What each customer has sent, spent and withdrawn this month, in US dollars over all their wallets. */
export class MonthlyLimits {
  private month = -1;
  private readonly left = new Map<number, number>();

  /** Smallest units of the currency that the customer may still let go this month. */
  remaining(user: number, tier: number, currency: Currency, at: Micros): number {
    this.turn(at);
    const limit = MONTHLY[tier] ?? MONTHLY[0];
    return Math.floor(Math.max(0, limit - (this.left.get(user) ?? 0)) * currency.dollar);
  }

  /** Notes what went out. */
  took(user: number, units: number, currency: Currency, at: Micros): void {
    this.turn(at);
    this.left.set(user, (this.left.get(user) ?? 0) + units / currency.dollar);
  }

  /** Everybody begins each month at nothing. Movements of a burst come a little out of order: the newest month holds. */
  private turn(at: Micros): void {
    const month = monthOf(at);
    if (month <= this.month) return;
    this.month = month;
    this.left.clear();
  }
}
