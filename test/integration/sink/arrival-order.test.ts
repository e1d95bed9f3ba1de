import { randomInt } from 'node:crypto';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

const properties = { id: { type: 'integer' }, email: { type: ['null', 'string'] } };
const columns = 'id bigint primary key, email text';

interface Change {
  readonly id: number;
  /** Undefined is a tombstone. */
  readonly email: string | null | undefined;
}

/** A sequence that any seed makes again (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function changes(count: number, below: (limit: number) => number): Change[] {
  return Array.from({ length: count }, () => {
    const id = 1 + below(5);
    if (below(3) === 0) return { id, email: undefined };
    return { id, email: below(6) === 0 ? null : 'abAcdefg'.charAt(below(8)) };
  });
}

/** PostgreSQL itself, one record after another: the table at the end, and the offsets of the records that it refused. */
async function oneByOne(table: string, sequence: readonly Change[]): Promise<{ rows: unknown; refused: number[] }> {
  const refused: number[] = [];
  for (const [offset, { id, email }] of sequence.entries()) {
    const upsert = `insert into ${table} values ($1, $2) on conflict (id) do update set email = excluded.email`;
    const change =
      email === undefined ? sinks.rows(`delete from ${table} where id = $1`, [id]) : sinks.rows(upsert, [id, email]);
    await change.catch(() => refused.push(offset));
  }
  return { rows: await sinks.rows(`select id, email from ${table} order by id`), refused };
}

async function send(topic: string, sequence: readonly Change[]): Promise<void> {
  const writer = await StreamWriter.register(sinks.registry, topic, topic.split('.')[1] ?? '', properties);
  const record = ({ id, email }: Change): KeyValue =>
    email === undefined ? writer.tombstone({ id }) : writer.record({ id, email });
  await withProducer(sinks.kafka, topic, async (producer) => transact(producer, topic, sequence.map(record)));
}

async function land(config: string, name: string, records: number): Promise<void> {
  await sinks.whileRunning(config, async () =>
    eventually(
      async () => {
        const sql = 'select sum(records + dead_letters)::int as n from sink.offsets where connector = $1';
        expect(await sinks.rows(sql, [name])).toEqual([{ n: records }]);
      },
      { timeoutMs: 60_000 },
    ),
  );
}

async function refusedOf(topic: string): Promise<number[]> {
  const rows = await sinks.rows('select "offset"::int as at from sink.dead_letters where topic = $1 order by 1', [
    topic,
  ]);
  return (rows as { at: number }[]).map(({ at }) => at);
}

test('whatever a table constrains, it ends as if each record had come alone: tombstones, moved addresses, refused records', async () => {
  const seed = Number(process.env.EWALLET_SEED ?? randomInt(1 << 30));
  console.info(`seed ${seed}`);
  const below = random(seed);
  const name = uniqueName('order');
  const rules: readonly ((table: string) => string)[] = [
    (table) => `alter table ${table} add unique (email)`,
    (table) => `create unique index on ${table} (lower(email)) where email is not null`,
    (table) => `alter table ${table} add exclude (email with =)`,
  ];
  await sinks.rows('create schema if not exists raw');
  const cases = Array.from({ length: 8 }, (_, index) => {
    const stream = `t${index}_${name.replace(/\W/g, '_')}`;
    return { stream, topic: `${name}.${stream}`, sequence: changes(30, below), rule: rules[index % rules.length] };
  });
  for (const { stream, topic, sequence, rule } of cases) {
    for (const table of [`raw.${stream}`, `public.${stream}`]) {
      await sinks.rows(`create table ${table} (${columns})`);
      await sinks.rows(rule?.(table) ?? '');
    }
    await createTopic(sinks.kafka, topic);
    await send(topic, sequence);
  }
  const config = sinks.config(name, { 'errors.tolerance': 'all', 'errors.breaker.max.per.minute': 1_000_000 });
  await land(config, name, 8 * 30);
  for (const { stream, topic, sequence } of cases) {
    const landed = {
      rows: await sinks.rows(`select id, email from raw.${stream} order by id`),
      refused: await refusedOf(topic),
    };
    expect({ seed, stream, ...landed }).toEqual({ seed, stream, ...(await oneByOne(`public.${stream}`, sequence)) });
  }
});

/** A table of each schema: the sink's, and the one that PostgreSQL alone fills. */
async function madeTwice(base: string, name: string, more: (table: string) => string): Promise<string> {
  await sinks.rows('create schema if not exists raw');
  for (const table of [`raw."${name}"`, `public."${name}"`]) {
    await sinks.rows(`create table ${table} (${columns})`);
    await sinks.rows(more(table));
  }
  return `${base}.${name}`;
}

const rowsOf = async (name: string): Promise<unknown> => sinks.rows(`select id, email from raw."${name}" order by id`);
const tolerant = { 'errors.tolerance': 'all', 'errors.breaker.max.per.minute': 1_000_000 };

test('a row’s trigger sees each version in Kafka’s order, replaced ones and tombstones too, as if each record had come alone', async () => {
  const name = uniqueName('history');
  const topic = await madeTwice(name, name, (table) => {
    const [schema] = table.split('.');
    return `create table ${schema}.seen (at bigint generated always as identity, what text, id bigint, was text, email text);
      create function ${schema}.see() returns trigger language plpgsql as $$ begin
        insert into ${schema}.seen (what, id, was, email) values (tg_op, coalesce(new.id, old.id), old.email, new.email);
        return null; end $$;
      create trigger see after insert or update or delete on ${table} for each row execute function ${schema}.see()`;
  });
  const sequence: Change[] = [
    { id: 1, email: 'a' },
    { id: 1, email: 'b' },
    { id: 2, email: 'c' },
    { id: 1, email: undefined },
    { id: 1, email: 'd' },
    { id: 2, email: 'e' },
  ];
  await createTopic(sinks.kafka, topic);
  await send(topic, sequence);
  await land(sinks.config(name), name, sequence.length);
  const expected = await oneByOne(`public."${name}"`, sequence);
  expect({ rows: await rowsOf(name), refused: [] }).toEqual(expected);
  const seen = (schema: string): Promise<unknown> =>
    sinks.rows(`select what, id, was, email from ${schema}.seen order by at`);
  expect(await seen('raw')).toEqual(await seen('public'));
});

test('what a deferred constraint or constraint trigger refuses at the commit is put aside alone, and what is right by then lands', async () => {
  const name = uniqueName('both');
  const unique = uniqueName('deferred');
  const checked = uniqueName('checked');
  const topics = [
    await madeTwice(
      name,
      unique,
      (table) => `alter table ${table} add constraint once unique (email) deferrable initially deferred`,
    ),
    await madeTwice(name, checked, (table) => {
      const [schema] = table.split('.');
      return `create function ${schema}.refuse() returns trigger language plpgsql as $$ begin
          if new.email = 'bad' then raise 'refused' using errcode = 'check_violation', constraint = 'no_bad'; end if;
          return null; end $$;
        create constraint trigger no_bad after insert or update on ${table} deferrable initially deferred
          for each row execute function ${schema}.refuse()`;
    }),
  ] as const;
  for (const topic of topics) await createTopic(sinks.kafka, topic, 1);
  const [ofUnique, ofChecked] = topics;
  await send(ofUnique, [
    { id: 1, email: 'a' },
    { id: 2, email: 'a' },
    { id: 3, email: 'c' },
    { id: 4, email: 'd' },
  ]);
  await send(ofChecked, [
    { id: 1, email: 'a' },
    { id: 1, email: 'bad' },
    { id: 2, email: 'bad' },
    { id: 3, email: 'c' },
  ]);
  const config = sinks.config(name, tolerant);
  await land(config, name, 8);
  expect(await refusedOf(ofUnique)).toEqual([1]);
  expect(await refusedOf(ofChecked)).toEqual([1, 2]);
  expect(await rowsOf(unique)).toEqual([
    { id: '1', email: 'a' },
    { id: '3', email: 'c' },
    { id: '4', email: 'd' },
  ]);
  expect(await rowsOf(checked)).toEqual([
    { id: '1', email: 'a' },
    { id: '3', email: 'c' },
  ]);
  const said = 'select distinct error_message as said from sink.dead_letters where topic = any ($1) order by 1';
  expect(await sinks.rows(said, [topics])).toEqual([
    { said: `raw.${checked} refused the record: SQLSTATE 23514, constraint no_bad` },
    { said: `raw.${unique} refused the record: SQLSTATE key-exists, constraint once` },
  ]);
  // Two rows swap their addresses in one Kafka transaction, which no order of single statements could land.
  await send(ofUnique, [
    { id: 3, email: 'd' },
    { id: 4, email: 'c' },
  ]);
  await land(config, name, 10);
  expect(await refusedOf(ofUnique)).toEqual([1]);
  expect(await rowsOf(unique)).toEqual([
    { id: '1', email: 'a' },
    { id: '3', email: 'd' },
    { id: '4', email: 'c' },
  ]);
});

test('a primary key that is deferrable, by which no row can be replaced, is refused with a statement that makes it land', async () => {
  const name = uniqueName('late');
  const topic = `${name}.${name}`;
  await sinks.rows('create schema if not exists raw');
  await sinks.rows(`create table raw."${name}" (id bigint primary key deferrable initially deferred, email text)`);
  await createTopic(sinks.kafka, topic);
  await send(topic, [{ id: 1, email: 'a' }]);
  const remedy = `create unique index on "raw"."${name}" ("id")`;
  const sink = SinkProcess.start('run', sinks.config(name));
  try {
    await eventually(() => {
      expect(sink.stderr).toContain(
        JSON.stringify(
          `Table raw.${name}: its key on ("id") is deferrable, and PostgreSQL replaces no row by such a key. Run: ${remedy};`,
        ).slice(1, -1),
      );
    });
  } finally {
    await sink.stop();
  }
  await sinks.rows(remedy);
  await land(sinks.config(name), name, 1);
  expect(await rowsOf(name)).toEqual([{ id: '1', email: 'a' }]);
});
