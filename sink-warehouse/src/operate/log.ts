import type { Logger } from 'pino';
import { isFailure } from '@ewallet/failure';
import type { KafkajsLogEntry } from '@ewallet/kafka';
import type { SinkEvents } from '../run/events';

/** Events as structured log lines. */
export function logEvents(log: Logger, logDeadLetters: boolean): SinkEvents {
  return {
    targetState: (state) => {
      if (state !== 'RUNNING') log.info({ state }, 'the connector was told so before this process began');
    },
    assigned: (partitions) => {
      const shown = partitions.map(({ topic, partition, takenTo }) => ({ topic, partition, offset: takenTo }));
      log.info({ partitions: shown }, 'partitions assigned');
    },
    committed: ({ deadLetters, progress, ...commit }) => {
      log.debug({ ...commit, deadLetters: deadLetters.length, partitions: progress.length }, 'batch committed');
      if (!logDeadLetters) return;
      for (const { topic, partition, offset, stage, errorMessage } of deadLetters) {
        log.warn({ topic, partition, offset, stage, reason: errorMessage }, 'dead letter');
      }
    },
    reset: ({ topic, partition }, from, to) => {
      log.warn({ topic, partition, from, to }, 'the topic no longer holds the offset; reading from its beginning');
    },
    parked: ({ topic, failure }, retryMs) => {
      const detail = failure.detail === undefined ? {} : { detail: failure.detail };
      log.error({ topic, reason: failure.message, ...detail, retryMs }, 'topic parked: the others continue');
    },
    unparked: (topic) => {
      log.info({ topic }, 'parked topic lands again');
    },
    retrying: (error, waitMs) => {
      log.warn(
        {
          reason: error instanceof Error ? error.message : String(error),
          ...(isFailure(error) && error.detail !== undefined ? { detail: error.detail } : {}),
          waitMs,
        },
        'retrying',
      );
    },
    rejoining: (reason) => {
      log.info({ reason }, 'joining the group again');
    },
    clockIsBehind: (landing) => {
      log.warn(
        { landing },
        'the warehouse’s clock is behind its newest landing: rows land as of that time until it is past it',
      );
    },
  };
}

/** kafkajs calls every retry an error; here it is one only when the sink gives up, so its lines are for debugging. */
export function kafkaLogger(log: Logger): (entry: KafkajsLogEntry) => void {
  const kafka = log.child({ source: 'kafkajs' });
  return ({ namespace, log: { message } }) => {
    kafka.debug({ namespace }, message);
  };
}
