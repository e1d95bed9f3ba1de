import { totalsOfTable, type BenchSession } from '../session/bench-session';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { produce } from './destination-hop';
import { forgetLanded, LANDED, startSink, stopSink, syncUntilLanded, untilLanded } from './sink-hop';

interface CapturedRows {
  /** The sink's connector and the first part of its topic's name. */
  readonly name: string;
  /** Airbyte lines of the first copy, which the warehouse has before the changes come. */
  readonly copied: string;
  /** `source-ewallet read` of the changes after it. */
  readonly read: readonly [string, ...string[]];
}

/** Changes of the slot | destination → Kafka → sink, all at once, from the start of the sync to the last row in the warehouse. */
export async function flowOfChanges(session: BenchSession, { name, copied, read }: CapturedRows): Promise<Measurement> {
  const { totals, warehouseUrl } = session;
  await forgetLanded(session);
  await produce(session, copied, name);
  const sink = await startSink(session, name);
  let hop: Measurement;
  try {
    await untilLanded(session, name, totals.rows, sink);
    const usage = await syncUntilLanded(session, sink, { read, name, records: 2 * totals.rows });
    hop = { rows: totals.rows, bytes: 0, ...usage };
  } finally {
    await stopSink(sink);
  }
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after the changes`);
  await deleteTopic(session.stack, `${name}.transactions`);
  return hop;
}
