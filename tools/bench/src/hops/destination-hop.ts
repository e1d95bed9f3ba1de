import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { writeCommand, type BenchSession } from '../session/bench-session';
import { createTopic, deleteTopic, partitionsOf, readTopicTotals } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { runPipeline, type PipelineUsage } from '../measure/pipeline';
import { kafkaClasspath } from '../session/programs';
import type { Trial } from '../measure/trial';

/** Airbyte lines on standard input → committed Avro in Kafka. @returns the time from start to exit. */
export async function produce(session: BenchSession, lines: string, trial: string): Promise<PipelineUsage> {
  const acknowledged = path.join(session.directory, 'acknowledged.jsonl');
  const usage = await runPipeline(
    [
      { command: ['cat'], measured: false },
      { command: await writeCommand(session, trial), measured: true },
      { command: ['cat'], measured: false },
    ],
    { input: lines, output: acknowledged, errors: session.errors },
  );
  const written = [...(await readFile(acknowledged, 'utf8')).matchAll(/"destinationStats":\{"recordCount":(\d+)/g)];
  const records = written.reduce((sum, [, count]) => sum + Number(count), 0);
  if (records !== session.totals.rows) {
    throw Failure.system(`The destination acknowledged ${records} records of ${session.totals.rows}.`);
  }
  return usage;
}

/** The destination beside Kafka's own producer benchmark, with records of the same size and as many partitions. */
export async function destinationTrial(session: BenchSession, lines: string, number: number): Promise<Trial[]> {
  const { totals, stack } = session;
  const name = `destination${number}`;
  const topic = `${name}.transactions`;
  const hop = await produce(session, lines, name);
  const found = await readTopicTotals(stack, topic);
  mustEqual(found.totals, totals, `Topic ${topic}`);
  const recordBytes = Math.round(found.bytes / totals.rows);
  const limitTopic = `${name}.limit`;
  await createTopic(stack, limitTopic, await partitionsOf(stack, topic));
  const limit = await producerPerformance(session, limitTopic, recordBytes);
  await deleteTopic(stack, topic);
  await deleteTopic(stack, limitTopic);
  return [
    {
      hop: 'destination',
      limitName: `ProducerPerformance, ${recordBytes}-byte records`,
      target: 0.25,
      measured: {
        hop: { rows: totals.rows, bytes: found.bytes, ...hop },
        limit,
      },
    },
  ];
}

/** Timed by its own clock, which starts when the JVM has: the stricter limit. */
async function producerPerformance(
  { stack, totals, directory, errors, overrides }: BenchSession,
  topic: string,
  recordBytes: number,
): Promise<Measurement> {
  const output = path.join(directory, 'producer-performance.txt');
  const { compression_type: chosen } = overrides.destination;
  const compression = typeof chosen === 'string' ? chosen : 'none';
  const command = [
    'java',
    ...['-Xmx512m', '-cp', kafkaClasspath(), 'org.apache.kafka.tools.ProducerPerformance'],
    ...['--topic', topic, '--num-records', String(totals.rows), '--record-size', String(recordBytes)],
    ...['--throughput', '-1', '--producer-props', `bootstrap.servers=${stack.kafka.bootstrapServers}`],
    ...['acks=all', 'batch.size=262144', 'linger.ms=20', `compression.type=${compression}`],
  ] as const;
  const usage = await runPipeline([{ command, measured: true }], { output, errors });
  const summary = [...(await readFile(output, 'utf8')).matchAll(/(\d+) records sent, ([\d.]+) records\/sec/g)].at(-1);
  if (Number(summary?.[1]) !== totals.rows) throw Failure.system('ProducerPerformance did not send every record.');
  const seconds = totals.rows / Number(summary?.[2]);
  return { ...usage, rows: totals.rows, bytes: recordBytes * totals.rows, seconds };
}
