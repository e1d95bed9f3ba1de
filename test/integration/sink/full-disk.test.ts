import { eventually } from '../../support/eventually';
import { smallDisk } from '../../support/small-disk';
import { SinkCase } from '../../support/sink/sink-case';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

test('while the warehouse’s disk is full nothing is put aside or lost, the log says what to do, and rows land once there is space', async () => {
  const [server] = (await sinks.rows(`select current_setting('data_directory') as data`)) as { data: string }[];
  const disk = smallDisk(server?.data ?? '', 8);
  if (disk === undefined) return;
  const name = uniqueName('full');
  try {
    await sinks.rows(`create tablespace "${name}" location '${disk.dir}'`);
    await sinks.rows('create schema if not exists raw');
    await sinks.rows(
      `create table raw."${name}" (id bigint primary key using index tablespace "${name}", note text) tablespace "${name}"`,
    );
    await sinks.rows(`create table filler (note text) tablespace "${name}"`);
    await sinks.rows(`alter table filler alter column note set storage plain`);
    await sinks.rows(`insert into filler select repeat('x', 7000) from generate_series(1, 850)`);

    const topic = `${name}.${name}`;
    await createTopic(sinks.kafka, topic, 1);
    const properties = { id: { type: 'integer' }, note: { type: 'string' } };
    const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
    const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
    await withProducer(sinks.kafka, name, async (producer) => {
      for (let first = 0; first < ids.length; first += 250) {
        const part = ids.slice(first, first + 250); // a request takes a megabyte
        await transact(
          producer,
          topic,
          part.map((id) => writer.record({ id, note: `${id} ${'x'.repeat(1_500)}` })),
        );
      }
    });
    const config = sinks.config(name, { 'errors.tolerance': 'all' });
    await sinks.whileRunning(config, async (sink) => {
      await eventually(() => {
        expect(sink.stderr).toMatch(/"level":40.*"msg":"retrying"/);
      });
      expect(sink.stderr).toMatch(
        /could not extend file .*: No space left on device\. The server’s disk is full: free space where its data, its write-ahead log or the named tablespace is, or enlarge it\./,
      );
      expect(await sinks.rows(`select count(*)::int as landed from raw."${name}"`)).toEqual([{ landed: 0 }]);
      await sinks.rows('drop table filler');
      await eventually(
        async () => {
          expect(await sinks.rows(`select count(*)::int as landed, sum(id)::int as ids from raw."${name}"`)).toEqual([
            { landed: 1_000, ids: 500_500 },
          ]);
        },
        { timeoutMs: 90_000 },
      );
    });
    expect(await sinks.rows('select count(*)::int as letters from sink.dead_letters')).toEqual([{ letters: 0 }]);
  } finally {
    await sinks.rows(`drop table if exists filler, raw."${name}"`);
    await sinks.rows(`drop tablespace if exists "${name}"`);
    disk.remove();
  }
});
