import type { Client } from 'pg';
import Cursor from 'pg-cursor';
import type { SchemaRegistry } from '@ewallet/avro';
import { type Cluster, partitionKey, readLogBounds } from '@ewallet/kafka';
import { hasOffsets, readOffsets, type OffsetRow } from '../state/fences';
import { SINK_SCHEMA } from '@ewallet/sink-schema';
import { quotedTable, shownTable } from '../tables/table-name';
import { readTable } from '../tables/catalogue';
import type { KeyRule } from '../tables/key-rule';
import { compareRows, ExpectedRows, type Comparison } from './expected-rows';
import { readRecords } from './topic-reader';

export interface TopicReport extends Comparison {
  readonly topic: string;
  readonly table: string;
  /** Committed records between the log's begin and the warehouse's offsets. */
  readonly records: number;
  readonly deadLetters: number;
}

interface TableRow {
  readonly topic: string;
  readonly table_schema: string;
  readonly table_name: string;
}

const ROWS_A_READ = 10_000;

/** What the configuration says of rows. */
interface Rules {
  readonly name: string;
  readonly key: KeyRule;
  readonly deleteEnabled: boolean;
}

/**
 * Reads every topic again from its beginning to where the warehouse is, and compares what must have landed with the
 * lineage columns of the table. Offsets, dead letters and rows come from one snapshot, so a running sink does not matter.
 */
export async function* reconcile(
  rules: Rules,
  client: Client,
  cluster: Cluster,
  registry: SchemaRegistry,
): AsyncGenerator<TopicReport> {
  const connector = rules.name;
  await client.query('begin isolation level repeatable read read only');
  try {
    // A warehouse that no sink has ever written to.
    if (!(await hasOffsets(client))) return;
    const offsets = await readOffsets(client, connector);
    const topics = [...new Set(offsets.map(({ topic }) => topic))];
    await cluster.addMultipleTargetTopics(topics);
    const tables = await client.query<TableRow>(
      `select topic, table_schema, table_name from ${SINK_SCHEMA}.tables where connector = $1`,
      [connector],
    );
    for (const topic of topics) {
      const own = offsets.filter((row) => row.topic === topic);
      const table = tables.rows.find((row) => row.topic === topic);
      yield await reconcileTopic(rules, { client, cluster, registry, offsets: own, table });
    }
  } finally {
    await client.query('rollback');
  }
}

interface TopicToReconcile {
  readonly client: Client;
  readonly cluster: Cluster;
  readonly registry: SchemaRegistry;
  readonly offsets: readonly OffsetRow[];
  readonly table: TableRow | undefined;
}

async function reconcileTopic(
  rules: Rules,
  { client, cluster, registry, offsets, table }: TopicToReconcile,
): Promise<TopicReport> {
  const topic = offsets[0]?.topic ?? '';
  const bounds = await readLogBounds(cluster, offsets);
  const earliest = new Map(bounds.map((bound) => [bound.partition, bound.earliest]));
  const dead = await deadLetters(client, rules.name, topic);
  const name = table === undefined ? undefined : { schema: table.table_schema, table: table.table_name };
  const found = name === undefined ? undefined : await readTable(client, name);
  const upserts = rules.key.kind === 'record-key' || rules.key.kind === 'record-value';
  // By the contract, not by what the sink made of the table: a sink that took a keyed topic for one without keys is found out.
  const expected = new ExpectedRows(upserts);
  for (const { partition, nextOffset } of offsets) {
    const range = { topic, partition, from: earliest.get(partition) ?? 0, to: nextOffset };
    const skip = (offset: number) => dead.has(`${partitionKey({ topic, partition })}@${offset}`);
    for await (const record of readRecords(cluster, registry, { rule: rules.key, range, skip })) {
      if (record.kind !== 'tombstone' || rules.deleteEnabled) expected.see(record);
    }
  }
  const rows = name === undefined || found === undefined ? [] : await lineage(client, quotedTable(name), topic);
  return {
    topic,
    table: name === undefined ? '-' : shownTable(name),
    records: expected.records,
    deadLetters: dead.size,
    ...compareRows(expected.offsets(), rows, earliest),
  };
}

async function deadLetters(client: Client, connector: string, topic: string): Promise<Set<string>> {
  const { rows } = await client.query<{ partition: number; offset: string }>(
    `select partition, "offset" from ${SINK_SCHEMA}.dead_letters where connector = $1 and topic = $2`,
    [connector, topic],
  );
  return new Set(rows.map(({ partition, offset }) => `${partitionKey({ topic, partition })}@${offset}`));
}

async function lineage(client: Client, table: string, topic: string) {
  const cursor = client.query(
    new Cursor<{ p: number; o: string }>(
      `select _kafka_partition as p, _kafka_offset as o from ${table} where _kafka_topic = $1`,
      [topic],
    ),
  );
  const found: { partition: number; offset: number }[] = [];
  try {
    for (;;) {
      const rows = await cursor.read(ROWS_A_READ);
      if (rows.length === 0) return found;
      for (const { p, o } of rows) found.push({ partition: p, offset: Number(o) });
    }
  } finally {
    await cursor.close();
  }
}
