import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

async function urlOf(sink: SinkProcess): Promise<string> {
  return eventually(() => {
    const started = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
    if (started === undefined) throw new Error('not started');
    return started;
  });
}

test('a paused instance keeps its partitions and reads nothing while the other continues, Kafka is told how far each is, and resume continues where it stood', async () => {
  const name = uniqueName('pause');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 2);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  const config = sinks.config(name, { 'consumer.override.session.timeout.ms': 6000 });
  const both = [SinkProcess.start('run', config), SinkProcess.start('run', config)];
  const admin = sinks.kafka.admin();
  await admin.connect();
  const write = async (first: number) =>
    withProducer(sinks.kafka, name, async (producer) =>
      transact(
        producer,
        topic,
        [first, first + 1].map((id) => ({ ...writer.record({ id }), partition: id % 2 })),
      ),
    );
  const ids = async () => (await sinks.rows(`select id::int from raw."${name}" order by id`)) as { id: number }[];
  const call = async (url: string, method: string, path: string) => {
    const response = await fetch(`${url}/connectors/${name}${path}`, { method });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  /** What Kafka was told, by partition; -1 is nothing. */
  const published = async () => {
    const [group] = await admin.fetchOffsets({ groupId: `connect-${name}`, topics: [topic] });
    return (group?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  };
  try {
    const urls = await Promise.all(both.map(urlOf));
    await eventually(async () => {
      const owners = await sinks.rows('select distinct owner from sink.offsets where connector = $1 and fence > 0', [
        name,
      ]);
      expect(owners).toHaveLength(2);
    });
    await write(0);
    await eventually(async () => {
      expect(await ids()).toEqual([{ id: 0 }, { id: 1 }]);
    });
    await eventually(async () => {
      expect(await published()).toEqual([2, 2]);
    });
    expect((await call(urls[0]!, 'PUT', '/pause')).status).toBe(202);
    expect((await call(urls[0]!, 'GET', '/status')).body).toMatchObject({
      connector: { state: 'PAUSED' },
      tasks: [{ id: 0, state: 'PAUSED' }],
    });
    await write(2);
    // The instance that runs has told Kafka again: by then the group would have been rebalanced, had the other one left.
    const told = await eventually(async () => {
      const offsets = await published();
      expect([...offsets].sort()).toEqual([2, 4]);
      return offsets;
    });
    const paused = told.indexOf(2);
    expect(await ids()).toEqual([{ id: 0 }, { id: 1 }, { id: 3 - paused }]);
    const { groups } = await admin.describeGroups([`connect-${name}`]);
    expect(groups.map(({ state, members }) => ({ state, members: members.length }))).toEqual([
      { state: 'Stable', members: 2 },
    ]);
    expect((await call(urls[0]!, 'PUT', '/resume')).status).toBe(202);
    await eventually(async () => {
      expect(await ids()).toEqual([0, 1, 2, 3].map((id) => ({ id })));
    });
    expect((await call(urls[0]!, 'GET', '/status')).body).toMatchObject({ connector: { state: 'RUNNING' } });
  } finally {
    await admin.disconnect();
    for (const sink of both) expect((await sink.stop()).code).toBe(0);
  }
});

test('a pause and a stop outlive the process that was asked for them, until resume', async () => {
  const name = uniqueName('told');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  const config = sinks.config(name, { 'consumer.override.session.timeout.ms': 6000 });
  let sink = SinkProcess.start('run', config);
  const put = async (action: string) =>
    (await fetch(`${await urlOf(sink)}/connectors/${name}/${action}`, { method: 'PUT' })).status;
  const state = async () => {
    const response = await fetch(`${await urlOf(sink)}/connectors/${name}/status`);
    return ((await response.json()) as { connector: { state: string } }).connector.state;
  };
  const startAnewAfterKill = async () => {
    await sink.kill();
    sink = SinkProcess.start('run', config);
  };
  const becomes = async (expected: string) =>
    eventually(
      async () => {
        expect(await state()).toBe(expected);
      },
      { timeoutMs: 60_000 },
    );
  const landsAfterResume = async (ids: readonly number[]) => {
    const id = ids.at(-1) ?? 0;
    await withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, [writer.record({ id })]));
    expect(await put('resume')).toBe(202);
    await eventually(
      async () => {
        expect(await sinks.rows(`select id::int from raw."${name}" order by id`)).toEqual(ids.map((id) => ({ id })));
      },
      { timeoutMs: 60_000 },
    );
  };
  /** A claim raises the fence: who only looks and waits leaves it as it is. */
  const fences = async () => sinks.rows('select fence::int from sink.offsets where connector = $1', [name]);
  try {
    await landsAfterResume([1]);
    expect(await put('pause')).toBe(202);
    const before = await fences();
    await startAnewAfterKill();
    await becomes('PAUSED');
    expect(await fences()).toEqual(before);
    await landsAfterResume([1, 2]);
    expect(await put('stop')).toBe(204);
    const stopped = await fences();
    await startAnewAfterKill();
    await becomes('STOPPED');
    expect(await fences()).toEqual(stopped);
    await landsAfterResume([1, 2, 3]);
    await startAnewAfterKill();
    await eventually(() => {
      expect(sink.stderr).toContain('partitions assigned');
    });
    expect(await state()).toBe('RUNNING');
  } finally {
    expect((await sink.stop()).code).toBe(0);
  }
});
