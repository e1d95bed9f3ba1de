import { totalsOfTable, type BenchSession } from '../session/bench-session';
import { produce } from './destination-hop';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { idleSeconds } from '../measure/proc';
import { ProcessUsage } from '../measure/process-usage';
import { perMillion, watchServers } from '../measure/server-usage';
import { forgetLanded, LANDED, startSink, stopSink, untilLanded } from './sink-hop';
import type { Trial } from '../measure/trial';

/** Less than all of it, as a core is idle while the instances start and while the last batch is committed. */
const TARGET = 0.85;

/**
 * One instance of a sink on four partitions, and two that share them, from their start to the last row; each beside what
 * the cores allow, which is as many rows as their processor time pays for.
 */
export async function scaleTrial(session: BenchSession, lines: string, number: number): Promise<Trial[]> {
  const topics = `scale${number}`;
  await produce(session, lines, topics);
  const one = await catchUp(session, `${topics}one`, topics, 1);
  const two = await catchUp(session, `${topics}two`, topics, 2);
  await deleteTopic(session.stack, `${topics}.transactions`);
  const costOf = ({ allCpuSeconds, rows }: CatchUp): string => perMillion(allCpuSeconds, rows);
  const cheaper = Math.min(one.allCpuSeconds, two.allCpuSeconds);
  session.say(
    `CPU s a million rows of sinks, warehouse and broker: one instance ${costOf(one)}, two ${costOf(two)}; two beside one ${(one.seconds / two.seconds).toFixed(2)}`,
  );
  const limitName = 'what free cores allow';
  return [
    { hop: 'one sink', limitName, target: undefined, measured: { hop: one, limit: allowance(one, cheaper) } },
    { hop: 'two sinks', limitName, target: TARGET, measured: { hop: two, limit: allowance(two, cheaper) } },
  ];
}

/** The same rows at the cheaper run's processor time, by all cores but for what other work took of them in this run. */
function allowance({ allCpuSeconds, idle, ...measured }: CatchUp, cheaper: number): Measurement {
  const freeCores = (allCpuSeconds + idle) / measured.seconds;
  return { ...measured, seconds: cheaper / freeCores, cpuSeconds: cheaper };
}

interface CatchUp extends Measurement {
  /** Processor time of everything that takes part: the sinks, the warehouse's server and the broker. */
  readonly allCpuSeconds: number;
  /** Seconds in which a core had nothing to do. */
  readonly idle: number;
}

async function catchUp(session: BenchSession, connector: string, topics: string, instances: number): Promise<CatchUp> {
  const { totals, warehouseUrl, stack } = session;
  await forgetLanded(session);
  const servers = watchServers(stack, ['warehouse', 'Kafka']);
  const idleBefore = idleSeconds();
  const started = Number(process.hrtime.bigint());
  const first = await startSink(session, connector, topics);
  const sinks = [first];
  let measured: CatchUp;
  try {
    while (sinks.length < instances) sinks.push(await startSink(session, connector, topics));
    const usage = new ProcessUsage(sinks.flatMap(({ measuredPids }) => measuredPids));
    try {
      const { at } = await untilLanded(session, connector, totals.rows, first);
      const own = usage.stop();
      const allCpuSeconds = servers.reduce((sum, server) => sum + server.seconds(), own.cpuSeconds);
      const idle = idleSeconds() - idleBefore;
      measured = { rows: totals.rows, bytes: 0, seconds: (at - started) / 1e9, ...own, allCpuSeconds, idle };
    } finally {
      usage.stop();
    }
  } finally {
    for (const sink of sinks) await stopSink(sink);
  }
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after ${instances} of ${connector}`);
  return measured;
}
