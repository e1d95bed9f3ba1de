import { Failure, isFailure } from '@ewallet/failure';
import { asksToRejoin } from '@ewallet/kafka';
import { FencedOut } from '../state/fences';
import { failureWithKafka } from './kafka-failure';
import type { Happening, SinkState } from './lifecycle';

/** The share of the partitions is old: commit what there is and join again. */
export class Rejoin extends Error {
  override readonly name = 'Rejoin';
}

/** What the sink was doing when an error was thrown. */
interface Moment {
  readonly state: SinkState;
  /** The group's share ended meanwhile: a new session would be refused. */
  readonly isShareOver: boolean;
  readonly brokers: readonly string[];
}

/** What an error means for the sink's life. */
export function happeningOf(error: unknown, { state, isShareOver, brokers }: Moment): Happening {
  if (state.kind !== 'connecting' && (error instanceof Rejoin || asksToRejoin(error))) return { kind: 'outdated' };
  if (error instanceof FencedOut)
    return {
      kind: 'fault',
      failure: Failure.transient(`A partition was taken over: ${error.message}.`, { cause: error }),
      reach: 'share',
    };
  const isSessions = state.kind === 'landing' && !isShareOver && isFailure(error);
  return { kind: 'fault', failure: failureWithKafka(error, brokers), reach: isSessions ? 'session' : 'connection' };
}
