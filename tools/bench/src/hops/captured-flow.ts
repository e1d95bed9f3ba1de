import { totalsOfTable, writeCommand, type BenchSession } from '../session/bench-session';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { startPipeline } from '../measure/pipeline';
import { ProcessUsage } from '../measure/process-usage';
import { mustEqual } from '../session/money';
import { produce } from './destination-hop';
import { forgetLanded, LANDED, startSink, stopSink, untilLanded } from './sink-hop';

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
  const { totals, warehouseUrl, errors } = session;
  await forgetLanded(session);
  await produce(session, copied, name);
  const sink = await startSink(session, name);
  let hop: Measurement;
  try {
    await untilLanded(session, name, totals.rows, sink);
    const started = Number(process.hrtime.bigint());
    const sync = startPipeline(
      [
        { command: read, measured: true },
        { command: await writeCommand(session, name), measured: true },
        { command: ['cat'], measured: false },
      ],
      { errors },
    );
    const usage = new ProcessUsage([...sync.measuredPids, ...sink.measuredPids]);
    try {
      await sync.ended;
      const { at } = await untilLanded(session, name, 2 * totals.rows, sink);
      hop = { rows: totals.rows, bytes: 0, seconds: (at - started) / 1e9, ...usage.stop() };
    } finally {
      usage.stop();
      sync.stop();
    }
  } finally {
    await stopSink(sink);
  }
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after the changes`);
  await deleteTopic(session.stack, `${name}.transactions`);
  return hop;
}
