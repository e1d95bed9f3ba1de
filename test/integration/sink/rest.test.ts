import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

test('the REST API shows, stops, rewinds and resumes the connector as Kafka Connect’s does, behind its password', async () => {
  const name = uniqueName('rest');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(
      producer,
      topic,
      [1, 2, 3].map((id) => writer.record({ id })),
    ),
  );
  const config = sinks.config(name, { 'rest.basic.auth.user': 'ops', 'rest.basic.auth.password': 'secret' });
  await sinks.whileRunning(config, async (sink) => {
    const url = await eventually(() => {
      const started = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
      if (started === undefined) throw new Error('not started');
      return started;
    });
    const call = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Basic ${Buffer.from('ops:secret').toString('base64')}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    };
    expect((await fetch(`${url}/connectors`)).status).toBe(401);
    await eventually(async () => {
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: 3 }]);
    });
    expect(await call('GET', '/connectors')).toEqual({ status: 200, body: [name] });
    expect(await call('GET', `/connectors/${name}/status`)).toMatchObject({
      status: 200,
      body: { name, connector: { state: 'RUNNING' }, tasks: [{ id: 0, state: 'RUNNING' }], type: 'sink' },
    });
    expect(await call('GET', '/connectors/other')).toEqual({
      status: 404,
      body: { error_code: 404, message: 'Connector other not found' },
    });
    const rewind = {
      offsets: [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: 0 } }],
    };
    expect((await call('PATCH', `/connectors/${name}/offsets`, rewind)).status).toBe(400);
    expect((await call('PUT', `/connectors/${name}/stop`)).status).toBe(204);
    await sinks.warehouse.query(`truncate raw."${name}"`);
    expect(await call('PATCH', `/connectors/${name}/offsets`, rewind)).toEqual({
      status: 200,
      body: { message: 'The offsets for this connector have been altered successfully' },
    });
    expect(await call('GET', `/connectors/${name}/offsets`)).toEqual({ status: 200, body: rewind });
    expect((await call('PUT', `/connectors/${name}/resume`)).status).toBe(202);
    await eventually(async () => {
      expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: 3 }]);
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`sink_records_total{topic="${topic}",connector="${name}"} 6`);
    expect(metrics).toContain(`sink_lag_records{topic="${topic}",partition="0",connector="${name}"} 0`);
  });
});
