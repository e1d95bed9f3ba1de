import { eventually } from '../../support/eventually';
import { Dice, randomSchedule, seedsOf } from '../../support/sink/schedule';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink, SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(process.env.EWALLET_LONG === '1' ? 7_200_000 : 400_000);

/** The long suite is also run in slices, by EWALLET_SCHEDULES and EWALLET_SEED. */
const SCHEDULES = Number(process.env.EWALLET_SCHEDULES ?? (process.env.EWALLET_LONG === '1' ? 300 : 12));
/** Sinks die in each schedule, and the group waits six seconds for a dead member: schedules wait side by side. */
const AT_ONCE = 4;
const KEYS = 200;

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

test(`${SCHEDULES} random schedules of kills, frozen zombies and rebalances: every committed record lands once, in the order of its key`, async () => {
  const seeds = seedsOf(SCHEDULES);
  console.log(`seeds ${seeds[0]} to ${seeds.at(-1)} (EWALLET_SEED=${seeds[0]} repeats them)`);
  const pending = [...seeds];
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let seed = pending.shift(); seed !== undefined; seed = pending.shift()) {
        await play(seed).catch((error: unknown) => {
          failures.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
    }),
  );
  expect(failures).toEqual([]);
});

interface Model {
  /** What each key holds by the records that were committed; undefined after a tombstone. */
  readonly rows: Map<number, string | undefined>;
  committed: number;
}

async function play(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const name = uniqueName('fault');
  const keyed = { topic: `${name}.keyed_${name}`, stream: `keyed_${name}` };
  const log = { topic: `${name}.log_${name}`, stream: `log_${name}` };
  await createTopic(sinks.kafka, keyed.topic, 4);
  await createTopic(sinks.kafka, log.topic, 2);
  const at = { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
  const properties = { id: { type: 'integer' }, v: { type: ['null', 'string'] }, at };
  const rows = await StreamWriter.register(sinks.registry, keyed.topic, keyed.stream, properties);
  const events = await StreamWriter.register(sinks.registry, log.topic, log.stream, properties, []);
  const config = sinks.config(name, {
    'consumer.override.session.timeout.ms': 6000,
    'consumer.override.max.poll.interval.ms': 8000,
    'connection.timeout.ms': 8000,
    'flush.interval.ms': 20,
    'flush.max.bytes': 65_536,
    'rest.enabled': false,
    // Every other schedule into months, through which rows wander as their date changes.
    'table.partition.by.month': seed % 2 === 0 ? `${keyed.stream}:at` : '',
  });
  const running = [SinkProcess.start('run', config), SinkProcess.start('run', config)];
  const frozen: SinkProcess[] = [];
  const model: Model = { rows: new Map(), committed: 0 };
  try {
    await withProducer(sinks.kafka, name, async (producer) => {
      let next = 0;
      for (const step of randomSchedule(dice, 5)) {
        for (const { records, outcome } of step.transactions) {
          const drafts = Array.from({ length: records }, () => draft(dice, (next += 1)));
          await transact(
            producer,
            keyed.topic,
            drafts.map((one) => keyedRecord(rows, one)),
            outcome,
          );
          await transact(
            producer,
            log.topic,
            drafts.map((one) => events.record({ id: one.serial, v: one.value })),
            outcome,
          );
          if (outcome === 'abort') continue;
          model.committed += drafts.length;
          for (const { key, value } of drafts) model.rows.set(key, value);
        }
        await suffer(step.mishap, running, frozen, config);
      }
    });
    // Zombies wake with rows in memory and partitions that others hold now.
    for (const zombie of frozen) zombie.child.kill('SIGCONT');
    running.push(...frozen.splice(0));
    if (running.length === 0) running.push(SinkProcess.start('run', config));
    await eventually(
      async () => {
        const [found] = await sinks.rows(
          `select (select count(*)::int from raw."log_${name}") as log,
             (select sum(records)::int from sink.offsets where connector = $1) as records`,
          [name],
        );
        expect(found).toEqual({ log: model.committed, records: 2 * model.committed });
      },
      { timeoutMs: 120_000, everyMs: 300 },
    );
    const expected = [...model.rows].filter(([, value]) => value !== undefined).sort(([a], [b]) => a - b);
    expect(await sinks.rows(`select id::int, v from raw."keyed_${name}" order by id`)).toEqual(
      expected.map(([id, v]) => ({ id, v })),
    );
    const reconciled = await runSink('reconcile', config);
    expect({ code: reconciled.code, stderr: reconciled.stderr }).toEqual({ code: 0, stderr: '' });
  } finally {
    await Promise.all([...running, ...frozen].map(async (sink) => sink.kill()));
  }
}

interface Draft {
  readonly serial: number;
  readonly key: number;
  readonly value: string | undefined;
  /** The month of 2026 that the row lies in, from 1; 0 is no date. */
  readonly month: number;
}

function draft(dice: Dice, serial: number): Draft {
  return {
    serial,
    key: dice.roll(KEYS),
    value: dice.roll(10) === 0 ? undefined : `value ${serial}`,
    month: dice.roll(5),
  };
}

function keyedRecord(writer: StreamWriter, { key, value, month }: Draft): KeyValue {
  if (value === undefined) return writer.tombstone({ id: key });
  return writer.record({ id: key, v: value, at: month === 0 ? null : BigInt(Date.UTC(2026, month - 1, 15)) * 1000n });
}

async function suffer(mishap: string, running: SinkProcess[], frozen: SinkProcess[], config: string): Promise<void> {
  const victim = running[0];
  switch (mishap) {
    case 'kill':
      await victim?.kill();
      running.splice(0, 1, SinkProcess.start('run', config));
      return;
    case 'freeze':
      if (victim === undefined) return;
      victim.child.kill('SIGSTOP');
      frozen.push(victim);
      running.splice(0, 1, SinkProcess.start('run', config));
      return;
    case 'join':
      if (running.length < 4) running.push(SinkProcess.start('run', config));
      return;
    case 'leave':
      if (running.length > 1) expect((await running.pop()!.stop()).code).toBe(0);
      return;
  }
}
