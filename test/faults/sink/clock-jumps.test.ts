import { eventually } from '../../support/eventually';
import { FakeClock, fakeClockIsAvailable } from '../../support/fake-clock';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { ServerFamily } from '../../support/source/replicated-wallet';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(400_000);

const DAY = 86_400;
const withClocks = fakeClockIsAvailable() ? test : test.skip;

let family: ServerFamily;
let sinks: SinkCase;
const clocks: FakeClock[] = [];
beforeAll(async () => {
  sinks = await SinkCase.open();
  family = await ServerFamily.make();
});
afterAll(async () => {
  await family.end();
  await sinks.close();
  for (const clock of clocks) clock.remove();
});

function fakeClock(): FakeClock {
  const clock = new FakeClock();
  clocks.push(clock);
  return clock;
}

withClocks(
  'the clocks of the warehouse and of the sink jump by a year, there and back: every record lands once, the last of a key wins, and the time of landing never goes back',
  async () => {
    const [there, here] = [fakeClock(), fakeClock()];
    const warehouse = await family.start('warehouse', { env: there.env });
    const { username, password, host, port, database } = warehouse.connection;
    const name = uniqueName('clock');
    const topic = `${name}.payments`;
    await createTopic(sinks.kafka, topic, 2);
    const properties = { id: { type: 'integer' }, round: { type: 'integer' } };
    const writer = await StreamWriter.register(sinks.registry, topic, 'payments', properties);
    const config = sinks.config(name, {
      'connection.url': `postgresql://${username}:${password}@${host}:${port}/${database}`,
    });
    const sink = SinkProcess.startWith(here.env, 'run', config);
    try {
      const jumps: readonly (readonly [number, number])[] = [
        [0, 0],
        [365 * DAY, 0],
        [-DAY, 365 * DAY],
        [-365 * DAY, -365 * DAY],
        [0, 0],
      ];
      for (const [round, [atWarehouse, atSink]] of jumps.entries()) {
        there.jumpTo(atWarehouse);
        here.jumpTo(atSink);
        const old = Array.from({ length: 100 }, (_, index) => index + 1);
        const added = old.map((id) => 1_000 * (round + 1) + id);
        await withProducer(sinks.kafka, name, async (producer) =>
          transact(
            producer,
            topic,
            [...old, ...added].map((id) => writer.record({ id, round })),
          ),
        );
        await eventually(
          async () => {
            expect(
              await warehouse.run(
                `select count(*)::int as rows, count(*) filter (where round = ${round})::int as fresh from raw.payments`,
              ),
            ).toEqual([{ rows: 100 * (round + 2), fresh: 200 }]);
          },
          { timeoutMs: 30_000 },
        );
      }
    } finally {
      const exit = await sink.stop();
      expect({ code: exit.code, log: exit.code === 0 ? '' : exit.stderr }).toEqual({ code: 0, log: '' });
    }
    expect(
      await warehouse.run(
        `select count(*)::int as rounds, bool_and(ends < next) as forward from (
           select max(_loaded_at) as ends, lead(min(_loaded_at), 1, 'infinity') over (order by round) as next
           from raw.payments group by round) r`,
      ),
    ).toEqual([{ rounds: 5, forward: true }]);
    expect(sink.stderr).toContain('the warehouse’s clock is behind its newest landing');
    await warehouse.stack.stop();
  },
);
