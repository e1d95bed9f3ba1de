import { Failure } from '@ewallet/failure';

/**
 * What the sink does, and what comes next: values in, values out.
 *
 *                    ┌───── outdated ──────┬───────────┐
 *                    v                     │           │
 *   connecting ──> joining ──────────> landing <───> paused
 *       ^            ^                   ^ │           │
 *       │            │                   │ ├── fault ──┘      of connecting and joining too
 *       └────────────┴──── waiting ──────┘ │
 *                             ^            │                  an arrow without a name: what the state does was done
 *                             └────────────┘
 *
 *   fault that no retry cures, or that lasts longer than errors.retry.timeout ──> failed
 *   whatever happens once an operator wants it stopped ──> stopped
 *
 * Every fault leads to the same road: forget what is in memory, claim again, read on from the warehouse's offset.
 */
export type SinkState =
  /** Connects to Kafka. */
  | { readonly kind: 'connecting' }
  /** Asks the group for its share of the partitions. */
  | { readonly kind: 'joining' }
  /** Claims its share in the warehouse and lands records. */
  | { readonly kind: 'landing' }
  /** Stays in the group and reads nothing: nobody else takes these partitions. */
  | { readonly kind: 'paused' }
  /** Rests after a fault before it goes back to `then`. */
  | { readonly kind: 'waiting'; readonly then: Retried; readonly waitMs: number; readonly failure: Failure }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A state with something to do; the others are the end. */
export type LivingState = Exclude<SinkState, { readonly kind: 'stopped' | 'failed' }>;

type Retried = 'connecting' | 'joining' | 'landing';

/** What a state needs to be open. Whatever stands above it is closed on the way. */
export type Ground = 'nothing' | 'connection' | 'share';

/** What an operator wants of the sink. */
export type Wish = 'run' | 'pause' | 'stop';

/** What a fault reached. */
export type Reach = 'session' | 'share' | 'connection';

export type Happening =
  /** What the state does was done: connected, joined, everything landed until it was asked to end, rested, woken. */
  | { readonly kind: 'done' }
  /** The group or its topics changed: the share has to be asked for again. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'fault'; readonly failure: Failure; readonly reach: Reach }
  /** A batch is in the warehouse, which proves that an earlier fault is over. */
  | { readonly kind: 'committed' }
  | { readonly kind: 'wished'; readonly wish: Wish };

export interface Lifecycle {
  readonly state: SinkState;
  readonly wish: Wish;
  /** Milliseconds to rest after the next fault. */
  readonly backoffMs: number;
  /** Milliseconds of a monotonic clock: when the first fault since the last commit was. */
  readonly failingSince: number | undefined;
}

export interface Patience {
  /** Milliseconds of a monotonic clock. */
  readonly now: number;
  /** `errors.retry.timeout`; undefined is for ever. */
  readonly retryTimeoutMs: number | undefined;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

export const BEGINNING: Lifecycle = {
  state: { kind: 'connecting' },
  wish: 'run',
  backoffMs: FIRST_BACKOFF_MS,
  failingSince: undefined,
};

export function standsOn(state: SinkState): Ground {
  switch (state.kind) {
    case 'landing':
    case 'paused':
      return 'share';
    case 'joining':
      return 'connection';
    case 'waiting':
      return standsOn({ kind: state.then });
    case 'connecting':
    case 'stopped':
    case 'failed':
      return 'nothing';
    default:
      throw Failure.system(`Unknown state ${JSON.stringify(state satisfies never)}.`);
  }
}

/** The life after something happened. A wish changes no state by itself: what the sink does is ended first. */
export function afterwards(life: Lifecycle, happening: Happening, patience: Patience): Lifecycle {
  switch (happening.kind) {
    case 'wished':
      return { ...life, wish: life.wish === 'stop' ? 'stop' : happening.wish };
    case 'committed':
      return { ...life, failingSince: undefined, backoffMs: FIRST_BACKOFF_MS };
    case 'done':
      return { ...life, state: life.wish === 'stop' ? { kind: 'stopped' } : next(life) };
    case 'outdated':
      return { ...life, state: { kind: life.wish === 'stop' ? 'stopped' : 'joining' } };
    case 'fault':
      return afterFault(life, happening, patience);
    default:
      throw Failure.system(`Unknown happening ${JSON.stringify(happening satisfies never)}.`);
  }
}

function next({ state, wish }: Lifecycle): SinkState {
  switch (state.kind) {
    case 'connecting':
      return { kind: 'joining' };
    case 'joining':
    case 'landing':
    case 'paused':
      return { kind: wish === 'pause' ? 'paused' : 'landing' };
    case 'waiting':
      return { kind: state.then === 'landing' && wish === 'pause' ? 'paused' : state.then };
    case 'stopped':
    case 'failed':
      return state;
    default:
      throw Failure.system(`Unknown state ${JSON.stringify(state satisfies never)}.`);
  }
}

function afterFault(
  life: Lifecycle,
  { failure, reach }: Extract<Happening, { kind: 'fault' }>,
  { now, retryTimeoutMs }: Patience,
): Lifecycle {
  // Whatever was not committed is read again by the next process.
  if (life.wish === 'stop') return { ...life, state: { kind: 'stopped' } };
  const failingSince = life.failingSince ?? now;
  const isTooLong = retryTimeoutMs !== undefined && now - failingSince > retryTimeoutMs;
  if (failure.kind === 'config_error' || isTooLong)
    return { ...life, failingSince, state: { kind: 'failed', failure } };
  return {
    ...life,
    failingSince,
    backoffMs: Math.min(LONGEST_BACKOFF_MS, life.backoffMs * 2),
    state: { kind: 'waiting', then: roadFrom(reach), waitMs: life.backoffMs, failure },
  };
}

function roadFrom(reach: Reach): Retried {
  switch (reach) {
    case 'session':
      return 'landing';
    case 'share':
      return 'joining';
    case 'connection':
      return 'connecting';
    default:
      throw Failure.system(`Unknown reach ${JSON.stringify(reach satisfies never)}.`);
  }
}
