import Encoder from 'kafkajs/src/protocol/encoder';
import type { Broker } from './cluster-types';

/** A request that is encoded and decoded here, over a kafkajs connection. */
export interface OwnRequest<Answer> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** What follows the client id: for flexible versions the header's tagged fields come first. */
  readonly body: Buffer;
  /** What follows the correlation id. */
  readonly decode: (bytes: Buffer) => Answer;
}

export async function send<Answer extends object>(
  broker: Broker,
  { apiKey, apiVersion, apiName, body, decode }: OwnRequest<Answer>,
): Promise<Answer> {
  const answer = await broker.connectionPool.send({
    request: { apiKey, apiVersion, apiName, encode: () => Promise.resolve(new Encoder().writeBuffer(body)) },
    response: {
      decode: (bytes: Buffer) => Promise.resolve(decode(bytes)),
      parse: (decoded: unknown) => Promise.resolve(decoded),
    },
  });
  return answer as Answer;
}

/** Whether the broker speaks this version of a request. */
export function speaks(broker: Broker, apiKey: number, version: number): boolean {
  const range = broker.versions?.[apiKey];
  return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
}
