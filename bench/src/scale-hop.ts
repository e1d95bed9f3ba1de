import { totalsOfTable, withClient, type BenchSession } from './bench-session';
import { produce } from './destination-hop';
import { deleteTopic } from './kafka-totals';
import type { Measurement } from './measurement';
import { mustEqual } from './money';
import { ProcessUsage } from './process-usage';
import { LANDED, startSink, stopSink, untilLanded } from './sink-hop';
import type { Trial } from './trial';

/** Two instances of a sink that share a topic's partitions, beside one that has them all: from their start to the last row. */
export async function scaleTrial(session: BenchSession, lines: string, number: number): Promise<Trial[]> {
  const topics = `scale${number}`;
  await produce(session, lines, topics);
  const limit = await catchUp(session, `${topics}one`, topics, 1);
  const hop = await catchUp(session, `${topics}two`, topics, 2);
  await deleteTopic(session.stack, `${topics}.transactions`);
  return [{ hop: 'two sinks', limitName: 'one sink', target: undefined, measured: { hop, limit } }];
}

async function catchUp(
  session: BenchSession,
  connector: string,
  topics: string,
  instances: number,
): Promise<Measurement> {
  const { totals, warehouseUrl } = session;
  await withClient(warehouseUrl, (client) => client.query(`drop table if exists ${LANDED}`));
  const started = Number(process.hrtime.bigint());
  const first = await startSink(session, connector, topics);
  const sinks = [first];
  let measured: Measurement;
  try {
    while (sinks.length < instances) sinks.push(await startSink(session, connector, topics));
    const usage = new ProcessUsage(sinks.flatMap(({ measuredPids }) => measuredPids));
    try {
      const { at } = await untilLanded(session, connector, totals.rows, first);
      measured = { rows: totals.rows, bytes: 0, seconds: (at - started) / 1e9, ...usage.stop() };
    } finally {
      usage.stop();
    }
  } finally {
    for (const sink of sinks) await stopSink(sink);
  }
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after ${instances} of ${connector}`);
  return measured;
}
