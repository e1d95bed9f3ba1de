import type { Currency } from './countries';
import { Weighted, type Random } from './random';
import type { ActivityEvent } from './records';
import { HOUR, MINUTE, SECOND, type Micros } from './time';

/** What a fraud-like burst does next. The amount is exact, or a share of what the wallet then has. */
export type Step =
  | {
      readonly kind: 'move';
      readonly at: Micros;
      readonly user: number;
      readonly type: 'top_up' | 'transfer' | 'withdrawal';
      readonly to: number | undefined;
      readonly amount:
        { readonly kind: 'exact'; readonly units: number } | { readonly kind: 'share'; readonly of: number };
    }
  | {
      readonly kind: 'signal';
      readonly at: Micros;
      readonly user: number;
      readonly event: ActivityEvent;
      readonly attempt: number;
    };

type Pattern = 'velocity' | 'structuring' | 'in_and_out' | 'failed_pins';

const patterns = new Weighted<Pattern>([
  ['velocity', 3],
  ['structuring', 2],
  ['in_and_out', 3],
  ['failed_pins', 4],
]);

/** The people of a burst: who starts it, and a few others of the same currency. */
export interface Cast {
  readonly user: number;
  readonly others: readonly [number, ...number[]];
  readonly currency: Currency;
}

/**
 * A burst as risk teams know them, in order of time:
 * velocity: many small transfers in minutes; structuring: several deposits just under the reporting threshold within two
 * days; in and out: money deposited, passed on and withdrawn within the hour; failed PINs, a login and a drained wallet.
 */
export function burst(random: Random, start: Micros, cast: Cast): Step[] {
  const { user, others, currency } = cast;
  const pattern = patterns.pick(random);
  switch (pattern) {
    case 'velocity': {
      const total = random.between(8, 20);
      const small = random.between(4, 12) * currency.dollar;
      return [
        topUp(start, user, 2 * total * small),
        ...spaced(random, start + 10 * MINUTE, total, 20 * SECOND).map((at) =>
          transfer(at, user, random.pick(others), { kind: 'exact', units: small }),
        ),
      ];
    }
    case 'structuring':
      return spaced(random, start, random.between(3, 7), 5 * HOUR).map((at) => {
        const below = currency.reportingThreshold * (0.9 + 0.099 * random.next());
        return topUp(at, user, Math.floor(below / currency.step) * currency.step);
      });
    case 'in_and_out': {
      const [mule] = others;
      const deposit = random.between(8, 60) * 10 * currency.dollar;
      return [
        topUp(start, user, deposit),
        transfer(start + random.between(12, 20) * MINUTE, user, mule, { kind: 'share', of: 0.95 }),
        {
          kind: 'move',
          at: start + random.between(25, 45) * MINUTE,
          user: mule,
          type: 'withdrawal',
          to: undefined,
          amount: { kind: 'share', of: 0.93 },
        },
      ];
    }
    case 'failed_pins': {
      const pins = spaced(random, start, random.between(5, 15), 8 * SECOND);
      const after = (pins.at(-1) ?? start) + 30 * SECOND;
      const [mule] = others;
      return [
        ...pins.map((at, index): Step => ({ kind: 'signal', at, user, event: 'pin_failed', attempt: index + 1 })),
        ...(random.chance(0.5)
          ? ([
              { kind: 'signal', at: after, user, event: 'login', attempt: 0 },
              { kind: 'signal', at: after + 20 * SECOND, user, event: 'device_added', attempt: 0 },
              transfer(after + MINUTE, user, mule, { kind: 'share', of: 0.9 }),
            ] satisfies Step[])
          : []),
      ];
    }
    default:
      throw new TypeError(`unknown pattern ${String(pattern satisfies never)}`);
  }
}

function spaced(random: Random, start: Micros, count: number, gap: Micros): Micros[] {
  let at = start;
  return Array.from({ length: count }, () => (at += Math.round(gap * (0.5 + random.next()))));
}

function topUp(at: Micros, user: number, units: number): Step {
  return { kind: 'move', at, user, type: 'top_up', to: undefined, amount: { kind: 'exact', units } };
}

function transfer(at: Micros, user: number, to: number, amount: Extract<Step, { kind: 'move' }>['amount']): Step {
  return { kind: 'move', at, user, type: 'transfer', to, amount };
}
