import type { StackConnections } from '@ewallet/stack-connections';
import { withDatabase } from '../database';
import { compare, type Comparison } from './compare';
import { databaseTotals, measuredStreams } from './database-totals';
import { kafkaTotals } from './kafka-totals';
import type { Totals } from './totals';

const NOTHING: Totals = new Map();

/**
 * Compares every stream in the e-wallet's database, in Kafka and in the warehouse. Right only while nothing trades and
 * everything has landed.
 */
export async function reconcile(connections: StackConnections): Promise<readonly Comparison[]> {
  return withDatabase(connections.source, async (ewallet) =>
    withDatabase(connections.warehouse, async (warehouse) => {
      const streams = await measuredStreams(ewallet);
      const { kafka, schemaRegistry } = connections;
      const topicOf = (stream: string): string => `public.${stream}`;
      const topics = await kafkaTotals(kafka.bootstrapServers, schemaRegistry.url, streams, topicOf);
      const comparisons: Comparison[] = [];
      for (const stream of streams) {
        const source = await databaseTotals(ewallet, 'public', stream);
        const landed = await databaseTotals(warehouse, 'raw', stream);
        comparisons.push(...compare(stream, [source, topics.get(stream.stream) ?? NOTHING, landed]));
      }
      return comparisons;
    }),
  );
}

/** Every stream of the e-wallet, with its namespace. */
export async function streamsOf({ source }: StackConnections): Promise<readonly string[]> {
  return withDatabase(source, async (ewallet) =>
    (await measuredStreams(ewallet)).map(({ stream }) => `public.${stream}`),
  );
}
