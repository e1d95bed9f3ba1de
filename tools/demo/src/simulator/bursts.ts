import type { Currency } from './countries';
import type { Pattern, PlantedBurst } from './planted';
import { Weighted, type Random } from './random';
import type { ActivityEvent, Channel } from './records';
import { HOUR, MINUTE, SECOND, type Micros } from './time';

/** What a fraud-like burst does next. The amount is exact, or a share of what the wallet then has. */
export type Step = { readonly at: Micros; readonly user: number; readonly burst: PlantedBurst } & (
  | {
      readonly kind: 'move';
      readonly type: 'top_up' | 'transfer' | 'withdrawal';
      readonly to: number | undefined;
      readonly channel: Channel;
      readonly amount:
        { readonly kind: 'exact'; readonly units: number } | { readonly kind: 'share'; readonly of: number };
    }
  | { readonly kind: 'signal'; readonly event: ActivityEvent; readonly attempt: number }
);

const patterns = new Weighted<Pattern>([
  ['velocity', 3],
  ['structuring', 2],
  ['in_and_out', 3],
  ['failed_pins', 2],
  ['takeover', 2],
]);

/** The people of a burst: who starts it, and a few others of the same currency. */
export interface Cast {
  readonly user: number;
  readonly others: readonly [number, ...number[]];
  readonly currency: Currency;
  /** Whether the user has money that is worth a takeover. */
  readonly wealthy: boolean;
}

type Planned = Omit<Extract<Step, { kind: 'move' }>, 'burst'> | Omit<Extract<Step, { kind: 'signal' }>, 'burst'>;

/**
 * A burst as risk teams know them, in order of time:
 * velocity: many small transfers in minutes; structuring: several cash deposits just under the reporting threshold within two
 * days, then most of it withdrawn; in and out: money deposited, passed on and withdrawn within the hour; failed PINs; a
 * takeover: failed PINs, a login from a new device and a drained wallet.
 */
export function burst(random: Random, start: Micros, cast: Cast): Step[] {
  const drawn = patterns.pick(random);
  // Nobody takes over an empty wallet.
  const pattern = drawn === 'takeover' && !cast.wealthy ? 'failed_pins' : drawn;
  const steps = plan(random, start, cast, pattern);
  const burst: PlantedBurst = {
    pattern,
    user: cast.user,
    mule: cast.others[0],
    from: start,
    until: start,
    left: steps.length,
  };
  return steps.map((step) => ({ ...step, burst }));
}

function plan(random: Random, start: Micros, { user, others, currency }: Cast, pattern: Pattern): Planned[] {
  const [mule] = others;
  switch (pattern) {
    case 'velocity': {
      const total = random.between(8, 20);
      const small = random.between(4, 12) * currency.dollar;
      return [
        topUp(start, user, 2 * total * small, 'card'),
        ...spaced(random, start + 10 * MINUTE, total, 20 * SECOND).map((at) =>
          transfer(at, user, random.pick(others), { kind: 'exact', units: small }),
        ),
      ];
    }
    case 'structuring': {
      const deposits = spaced(random, start, random.between(3, 7), 5 * HOUR).map((at) => {
        const below = currency.reportingThreshold * (0.9 + 0.099 * random.next());
        return topUp(at, user, Math.floor(below / currency.step) * currency.step, 'agent');
      });
      const out = (deposits.at(-1)?.at ?? start) + random.between(2, 8) * HOUR;
      return [...deposits, withdrawal(out, user, 0.97, 'bank_transfer')];
    }
    case 'in_and_out':
      return [
        topUp(start, user, random.between(12, 60) * 10 * currency.dollar, 'card'),
        transfer(start + random.between(12, 20) * MINUTE, user, mule, { kind: 'share', of: 0.95 }),
        withdrawal(start + random.between(25, 38) * MINUTE, mule, 0.93, 'agent'),
      ];
    case 'failed_pins':
      return wrongPins(random, start, user);
    case 'takeover': {
      const pins = wrongPins(random, start, user);
      const after = (pins.at(-1)?.at ?? start) + 30 * SECOND;
      return [
        ...pins,
        { kind: 'signal', at: after, user, event: 'login', attempt: 0 },
        { kind: 'signal', at: after + 20 * SECOND, user, event: 'device_added', attempt: 0 },
        transfer(after + MINUTE, user, mule, { kind: 'share', of: 0.9 }),
      ];
    }
    default:
      throw new TypeError(`unknown pattern ${String(pattern satisfies never)}`);
  }
}

function wrongPins(random: Random, start: Micros, user: number): Planned[] {
  return spaced(random, start, random.between(5, 15), 8 * SECOND).map((at, index) => ({
    kind: 'signal',
    at,
    user,
    event: 'pin_failed',
    attempt: index + 1,
  }));
}

function spaced(random: Random, start: Micros, count: number, gap: Micros): Micros[] {
  let at = start;
  return Array.from({ length: count }, () => (at += Math.round(gap * (0.5 + random.next()))));
}

function topUp(at: Micros, user: number, units: number, channel: Channel): Planned {
  return { kind: 'move', at, user, type: 'top_up', to: undefined, channel, amount: { kind: 'exact', units } };
}

function transfer(at: Micros, user: number, to: number, amount: Extract<Step, { kind: 'move' }>['amount']): Planned {
  return { kind: 'move', at, user, type: 'transfer', to, channel: 'app', amount };
}

function withdrawal(at: Micros, user: number, share: number, channel: Channel): Planned {
  return { kind: 'move', at, user, type: 'withdrawal', to: undefined, channel, amount: { kind: 'share', of: share } };
}
