import type { Pattern } from './planted';
import type { Random } from './random';
import { DAY, HOUR, type Micros } from './time';

/**
 * How often people who look at such a burst take it for fraud. Wrong PINs alone are mostly somebody who forgot; who drains a
 * wallet or passes money on within the hour is suspended more often than not. The rest is closed as a false alarm.
 */
const CONFIRMED: Readonly<Record<Pattern, number>> = {
  velocity: 0.6,
  structuring: 0.7,
  in_and_out: 0.75,
  failed_pins: 0.3,
  takeover: 0.8,
};

/** When the customers of a burst are suspended for it, some days after its last step; Infinity where it is taken for honest. */
export function suspensionAfter(random: Random, pattern: Pattern, lastStep: Micros): Micros {
  const waited = 6 * HOUR + Math.floor(random.exponential(3 * DAY));
  return random.chance(CONFIRMED[pattern]) ? lastStep + waited : Infinity;
}

/** Who is suspended for a burst: who started it, and who passed its money on. */
export function suspects(burst: { readonly pattern: Pattern; readonly user: number; readonly mule: number }): number[] {
  return burst.pattern === 'in_and_out' ? [burst.user, burst.mule] : [burst.user];
}
