import { CATEGORIES } from './behaviour';
import type { Random } from './random';
import type { Channel } from './records';
import { DAY, HOUR, type Micros } from './time';

/** Whose shops reserve the money first and take it later: hotels and airlines. */
const HOLDING: ReadonlySet<string> = new Set(['travel']);
/** An authorisation that nobody takes is let go after this. */
const EXPIRES = 7 * DAY;

/** Whether a payment to a shop of this category is held before it is taken: not by QR, where both stand at the counter. */
export function isHeld(category: number, channel: Channel): boolean {
  return channel !== 'qr' && HOLDING.has(CATEGORIES[category]?.name ?? '');
}

/** When a hold is taken, mostly within days, or let go with a reason. */
export function endOfHold(random: Random): { readonly after: Micros; readonly reason: string | undefined } {
  return random.chance(0.06)
    ? { after: EXPIRES, reason: 'authorisation_expired' }
    : { after: Math.round(random.logNormal(60 * HOUR, 0.7)), reason: undefined };
}
