import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import type { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  await sinks.rows('create schema if not exists raw');
});
afterAll(async () => sinks.close());

const properties = {
  id: { type: 'integer' },
  status: { type: ['null', 'string'] },
  amount: { type: ['null', 'number'], precision: 20, scale: 4 },
};

/** What stands in the way of a topic's rows, and each statement that the sink has to print until they land. */
const CASES: Readonly<
  Record<string, { readonly made: (table: string) => string; readonly printed: (table: string) => readonly string[] }>
> = {
  json: {
    made: (table) =>
      `create table ${table} (id bigint primary key, status jsonb default '"new"', amount numeric(20,4))`,
    printed: (table) => [
      `alter table ${table} alter column "status" drop default, alter column "status" type text using "status" #>> '{}';`,
    ],
  },
  keyless: {
    made: (table) => `create table ${table} (id bigint, status text, amount numeric(20,4))`,
    printed: (table) => [`alter table ${table} add primary key ("id");`],
  },
  generated: {
    made: (table) => `create table ${table} (id bigint primary key, status text generated always as ('x') stored)`,
    printed: (table) => [`alter table ${table} alter column "status" drop expression;`],
  },
  dated: {
    made: (table) => `create table ${table} (id bigint primary key, amount date)`,
    printed: (table) => [
      `alter table ${table} rename column "amount" to "amount_before_1"; alter table ${table} add column "amount" numeric(20,4);`,
    ],
  },
  identity: {
    made: (table) => `create table ${table} (id bigint generated always as identity primary key, status text)`,
    printed: () => [],
  },
};

const parkedFor = (sink: SinkProcess, topic: string): string[] =>
  sink.stderr
    .split('\n')
    .filter((line) => line.includes('topic parked'))
    .map((line) => JSON.parse(line) as { topic: string; reason: string })
    .filter((entry) => entry.topic === topic)
    .map(({ reason }) => reason);

test('each remedy that is printed works as it stands, whatever was in the way; a sequence is refused by its kind', async () => {
  const name = uniqueName('remedy');
  const kinds = [...Object.keys(CASES), 'sequence'];
  const table = (kind: string) => `"raw"."${name}_${kind}"`;
  for (const [kind, { made }] of Object.entries(CASES)) await sinks.rows(made(table(kind)));
  await sinks.rows(`create sequence ${table('sequence')}`);
  for (const kind of kinds) {
    const topic = `${name}.${name}_${kind}`;
    await createTopic(sinks.kafka, topic);
    const writer = await StreamWriter.register(sinks.registry, topic, `${name}_${kind}`, properties);
    await withProducer(sinks.kafka, topic, async (producer) => {
      // In two transactions, so that the second is an update.
      for (const [status, amount] of [
        ['a', '1.5000'],
        ['b', '2.5000'],
      ])
        await transact(producer, topic, [writer.record({ id: 1, status, amount })]);
    });
  }
  const typed = new Map<string, string[]>();
  await sinks.whileRunning(sinks.config(name, { 'topics.retry.interval.ms': 500 }), async (sink) => {
    for (const kind of Object.keys(CASES)) {
      const statements: string[] = [];
      typed.set(kind, statements);
      await eventually(async () => {
        const statement = /Run: (.*;)$/.exec(parkedFor(sink, `${name}.${name}_${kind}`).at(-1) ?? '')?.[1];
        if (statement !== undefined && !statements.includes(statement)) {
          statements.push(statement);
          await sinks.warehouse.query(statement);
        }
        expect(await sinks.rows(`select id::int, status, amount::text from ${table(kind)}`)).toEqual([
          { id: 1, status: 'b', amount: '2.5000' },
        ]);
      });
    }
    expect(parkedFor(sink, `${name}.${name}_sequence`)[0]).toBe(
      `raw.${name}_sequence is a sequence, and rows land in tables only. Rename it, or set table.name.format so that the topic has another table, for example raw_\${topic}.`,
    );
  });
  expect(Object.fromEntries(typed)).toEqual(
    Object.fromEntries(Object.entries(CASES).map(([kind, { printed }]) => [kind, printed(table(kind))])),
  );
});
