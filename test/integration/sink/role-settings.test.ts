import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink, SinkProcess, writeConfig } from '../../support/sink/sink-process';
import { sinkConfig } from '../../support/configurations';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
const role = uniqueName('role');
beforeAll(async () => {
  sinks = await SinkCase.open();
  await sinks.rows(`create role "${role}" login password 'secret'`);
  await sinks.rows(`grant create, temporary on database "${sinks.database.database}" to "${role}"`);
});
afterAll(async () => {
  await sinks.rows(`drop owned by "${role}" cascade`);
  await sinks.rows(`drop role "${role}"`);
  await sinks.close();
});

/** A topic with two records, and a connector that logs in as the role. */
async function prepared(prefix: string) {
  const name = uniqueName(prefix);
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const properties = { id: { type: 'integer' }, at: { type: 'string', format: 'date' } };
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(
      producer,
      topic,
      [1, 2].map((id) => writer.record({ id, at: 20_513 })),
    ),
  );
  const { host, port, database } = sinks.database;
  const url = `postgresql://${role}:secret@${host}:${port}/${database}`;
  const config = sinkConfig(sinks.stack, { url }, name, { 'table.partition.by.month': `${name}:at` });
  return { name, config: writeConfig(sinks.directory, config, `${name}.json`) };
}

async function landed(name: string): Promise<void> {
  await eventually(async () => {
    expect(await sinks.rows(`select id::int from raw."${name}" order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
  });
}

test('functions, operators and types of a schema before pg_catalog on the role’s search_path are never called, and its statement_timeout holds nothing up', async () => {
  await sinks.rows('create schema hostile');
  await sinks.rows(`grant usage on schema hostile to "${role}"`);
  for (const signature of [
    'to_regclass(text) returns regclass',
    'hashtextextended(text, bigint) returns bigint',
    'pg_advisory_xact_lock(bigint) returns void',
    'encode(bytea, text) returns text',
    'now() returns timestamptz',
    'date_trunc(text, date) returns timestamptz',
    'array_agg(text) returns text[]',
    'unnest(text[]) returns setof text',
    'current_setting(text) returns text',
    'unequal(text, text) returns boolean',
  ]) {
    await sinks.rows(
      `create function hostile.${signature} language plpgsql as $$ begin raise exception 'led astray'; end $$`,
    );
  }
  await sinks.rows('create operator hostile.= (leftarg = text, rightarg = text, function = hostile.unequal)');
  await sinks.rows('create domain hostile.text as pg_catalog.text check (false)');
  await sinks.rows(`alter role "${role}" set search_path = hostile, pg_catalog`);
  await sinks.rows(`alter role "${role}" set statement_timeout = '2s'`);
  try {
    const { name, config } = await prepared('astray');
    await sinks.whileRunning(config, async () => landed(name));
    const reconciled = await runSink('reconcile', config);
    expect({ code: reconciled.code, said: reconciled.stderr }).toEqual({ code: 0, said: '' });
    await sinks.rows('begin');
    await sinks.rows('lock table sink.offsets in access exclusive mode');
    const waiting = runSink('offsets', config);
    await eventually(async () => {
      await sinks.rows('select pg_stat_clear_snapshot()'); // this transaction would see the same activity each time
      expect(
        await sinks.rows(
          `select from pg_stat_activity
           where datname = $1 and wait_event_type = 'Lock' and clock_timestamp() > query_start + interval '3 s'`,
          [sinks.database.database],
        ),
      ).toHaveLength(1);
    });
    await sinks.rows('commit');
    const offsets = await waiting;
    expect({ code: offsets.code, said: offsets.stderr }).toEqual({ code: 0, said: '' });
  } finally {
    await sinks.rows('rollback');
    await sinks.rows(`alter role "${role}" reset all`);
  }
});

test('where the role has no connection left the sink says so, retries, and lands everything once it gets one', async () => {
  const { name, config } = await prepared('crowded');
  await sinks.rows(`alter role "${role}" connection limit 0`);
  const sink = SinkProcess.start('run', config);
  try {
    await eventually(() => {
      expect(sink.stderr).toContain(`too many connections for role`);
    });
    expect(sink.stderr).toContain('"msg":"retrying"');
    await sinks.rows(`alter role "${role}" connection limit -1`);
    await landed(name);
  } finally {
    const exit = await sink.stop();
    expect({ code: exit.code, log: exit.code === 0 ? '' : exit.stderr }).toEqual({ code: 0, log: '' });
  }
});
