import { randomInt } from 'node:crypto';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
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
