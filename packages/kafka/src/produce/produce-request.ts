import { decode } from 'kafkajs/src/protocol/requests/produce/v7/response';
import { int16, int32, text } from '../bytes/plain-writer';
import type { Broker, Connection } from '../connection/cluster-types';
import type { SealedBatch } from '../record-batch/batch-builder';

/** What the brokers said of each partition. */
export type ProduceResponse = Awaited<ReturnType<typeof decode>>;

const PRODUCE_API = 0;
const PRODUCE_VERSION = 7;
const ACKS_ALL = -1;

/** What a Produce request says beside its batches, at most one per partition. */
export interface ProduceRequest {
  readonly transactionalId: string;
  /** Milliseconds the broker may wait for its replicas. */
  readonly timeoutMs: number;
  readonly batches: readonly SealedBatch[];
}

/**
 * Sends the batches to the broker that leads their partitions, and resolves with what it says of each partition.
 *
 * The request goes into kafkajs' queue, which keeps time-outs and order, but its bytes go to the socket as they are:
 * kafkajs' own `send` copies a request twice, into zeroed buffers of up to twice its size, which took 9% of a sync's time.
 */
export async function produce(broker: Broker, request: ProduceRequest): Promise<ProduceResponse> {
  const connection = await broker.connectionPool.getConnection();
  if (!connection.isAuthenticated()) await connection.authenticate();
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    connection.failIfNotConnected();
    const correlationId = connection.nextCorrelationId();
    const pieces = encodeProduce(connection.clientId, correlationId, request);
    connection.requestQueue.push({
      entry: { apiKey: PRODUCE_API, apiName: 'Produce', apiVersion: PRODUCE_VERSION, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: request.timeoutMs * 2,
      sendRequest: () => {
        writeTogether(connection.socket, pieces);
      },
    });
  });
  const answer = await decode(payload);
  connection.requestQueue.maybeThrottle(answer.clientSideThrottleTime);
  return answer;
}

function writeTogether(socket: Connection['socket'], pieces: readonly Buffer[]): void {
  socket.cork();
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}

/**
 * A Produce request, version 7, which Kafka 2.1 to 4.x take, as the pieces to write one after the other.
 *
 * @see https://kafka.apache.org/protocol.html#The_Messages_Produce
 */
function encodeProduce(
  clientId: string,
  correlationId: number,
  { transactionalId, timeoutMs, batches }: ProduceRequest,
): readonly Buffer[] {
  const topics = new Map<string, SealedBatch[]>();
  for (const batch of batches) topics.set(batch.topic, [...(topics.get(batch.topic) ?? []), batch]);
  const body = [text(transactionalId), int16(ACKS_ALL), int32(timeoutMs), int32(topics.size)];
  for (const [topic, partitions] of topics) {
    body.push(text(topic), int32(partitions.length));
    for (const { partition, bytes } of partitions) body.push(int32(partition), int32(bytes.length), bytes);
  }
  const head = [int16(PRODUCE_API), int16(PRODUCE_VERSION), int32(correlationId), text(clientId)];
  const request = [...head, ...body];
  return [int32(request.reduce((sum, { length }) => sum + length, 0)), ...request];
}
