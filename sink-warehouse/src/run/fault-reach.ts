import { asFailure, Failure, isFailure } from '@ewallet/failure';
import { asksToRejoin, isHopeless, kafkaErrorName } from '@ewallet/kafka';
import { FencedOut } from '../state/fences';
import { isKafkaFault } from './kafka-failure';
import type { Happening, SinkState } from './lifecycle';

/** The share of the partitions is old: commit what there is and join again. */
export class Rejoin extends Error {
  override readonly name = 'Rejoin';
}

/**
 * What an error means for the sink's life.
 *
 * @param state - what the sink did when the error was thrown
 * @param isShareOver - whether the group's share ended meanwhile: a new session would be refused
 */
export function happeningOf(error: unknown, state: SinkState, isShareOver: boolean): Happening {
  if (state.kind !== 'connecting' && (error instanceof Rejoin || asksToRejoin(error))) return { kind: 'outdated' };
  if (error instanceof FencedOut)
    return {
      kind: 'fault',
      failure: Failure.transient(`A partition was taken over: ${error.message}.`, { cause: error }),
      reach: 'share',
    };
  const isSessions = state.kind === 'landing' && !isShareOver && isFailure(error);
  return { kind: 'fault', failure: explain(error), reach: isSessions ? 'session' : 'connection' };
}

function explain(error: unknown): Failure {
  if (isFailure(error)) return error;
  if (isKafkaFault(error)) {
    const text = error instanceof Error ? error.message : kafkaErrorName(error);
    return isHopeless(error)
      ? Failure.config(`Kafka refused: ${text}. Check credentials and rights.`, { cause: error })
      : Failure.transient(`Kafka: ${text}.`, { cause: error });
  }
  return asFailure(error);
}
