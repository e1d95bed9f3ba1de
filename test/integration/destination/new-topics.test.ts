import { Kafka, logLevel, type Admin } from 'kafkajs';
import { committedRecords } from '../../support/destination/committed-records';
import { catalogOf, recordLine, runWrite, stateLine, traceError } from '../../support/destination/destination-run';
import { eventually } from '../../support/eventually';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let admin: Admin;
let smallest: Readonly<Record<string, unknown>>;
let servers: { readonly brokers: string[]; readonly registry: string };

beforeAll(async () => {
  const { kafka, schemaRegistry } = await services();
  servers = { brokers: [kafka.bootstrapServers], registry: schemaRegistry.url };
  smallest = { bootstrap_servers: kafka.bootstrapServers, schema_registry: { url: schemaRegistry.url } };
  admin = new Kafka({ brokers: servers.brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
});

const columns = { properties: { id: { type: 'integer' } }, primaryKey: ['id'] };
interface Named {
  readonly name: string;
  readonly namespace: string;
}

async function write(stream: Named, ids: readonly number[], more: object = {}, config: object = {}): Promise<unknown> {
  const input = ids.map((id) => recordLine(stream, `{"id":${id}}`)).join('') + stateLine(stream, {});
  const { code, stdout } = await runWrite(
    { ...smallest, ...config },
    catalogOf([{ ...stream, ...columns, ...more }]),
    input,
  );
  return traceError(stdout) ?? code;
}

async function remove(topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  await eventually(async () => {
    expect(await admin.listTopics()).not.toContain(topic);
  });
}

const refusal = ({ name }: Named, topic: string, shown: string): unknown => ({
  kind: 'config_error',
  message: `Stream public.${name}: topic ${topic} is new, and the stream was synced before (${shown}). The topic would lack every row that has not changed since then. Read the stream from the start: in Airbyte refresh it and remove its records, with ewallet-sync run once with --refresh public.${name}. If the topic is to begin with what changes from now on, name the stream in \`begin_topics\`. Nothing was written.`,
});

test('a topic version that is raised without a refresh is refused, whether the platform knows of the state or not', async () => {
  const stream = { name: uniqueName('raised'), namespace: 'public' };
  const topic = `public.${stream.name}`;
  const raised = { topic_versions: { [topic]: 2 } };
  expect(await write(stream, [1, 2, 3, 4, 5])).toBe(0);
  const byTopic = refusal(stream, `${topic}.v2`, `topic ${topic} holds it`);
  expect(await write(stream, [6], {}, raised)).toEqual(byTopic);
  const byState = refusal(stream, `${topic}.v2`, 'this sync continues from a state');
  expect(await write(stream, [6], { resumes: true }, raised)).toEqual(byState);
  // Made by hand, as users without the right to create topics do, it is as empty.
  await admin.createTopics({ topics: [{ topic: `${topic}.v2`, numPartitions: 1 }], waitForLeaders: true });
  expect(await write(stream, [6], {}, raised)).toEqual(byTopic);
  expect(await write(stream, [1, 2, 3, 4, 5, 6], { generationId: 1, minimumGenerationId: 1 }, raised)).toBe(0);
  expect(await write(stream, [7], { resumes: true }, raised)).toBe(0);
  expect(await committedRecords({ brokers: servers.brokers }, servers.registry, `${topic}.v2`)).toHaveLength(7);
});

test('a topic that was deleted between syncs is not recreated for the changes alone', async () => {
  const stream = { name: uniqueName('deleted'), namespace: 'public' };
  const topic = `public.${stream.name}`;
  expect(await write(stream, [1, 2, 3], { resumes: false })).toBe(0);
  await remove(topic);
  expect(await write(stream, [4])).toEqual(
    refusal(stream, topic, `subject ${topic}-value is there though the topic is gone`),
  );
  expect(await write(stream, [4], { resumes: true })).toEqual(
    refusal(stream, topic, 'this sync continues from a state'),
  );
  expect(await admin.listTopics()).not.toContain(topic);
  expect(await write(stream, [1, 2, 3, 4], { resumes: false })).toBe(0);
  await remove(topic);
  expect(await write(stream, [5], { resumes: true }, { begin_topics: [topic] })).toBe(0);
});

test('a stream without a key is refused a compacted topic, by the setting and by the topic', async () => {
  const stream = { name: uniqueName('compacted'), namespace: 'public' };
  const topic = `public.${stream.name}`;
  const message = (policy: string): unknown => ({
    kind: 'config_error',
    message: `Stream ${topic} has no primary key, and topic ${topic} is compacted (cleanup.policy=${policy}), which takes no record without a key. Choose a primary key in the connection, or give the topic cleanup.policy=delete. Nothing was written.`,
  });
  const keyless = { primaryKey: [], resumes: false };
  expect(await write(stream, [1], keyless, { topic_cleanup_policy: 'compact' })).toEqual(message('compact'));
  expect(await admin.listTopics()).not.toContain(topic);
  const configEntries = [{ name: 'cleanup.policy', value: 'compact,delete' }];
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  expect(await write(stream, [1], keyless)).toEqual(message('compact,delete'));
  expect(await write(stream, [1], { resumes: false })).toBe(0);
});

test('a stream that lost its primary key, or got one, is refused the topic that was begun otherwise', async () => {
  const stream = { name: uniqueName('rekeyed'), namespace: 'public' };
  const topic = `public.${stream.name}`;
  const raise = { topic_versions: { [topic]: 2 } };
  const refused = (change: string, back: string): unknown => ({
    kind: 'config_error',
    message: `Stream ${topic} ${change}: its new records would neither replace nor delete the rows that are there. ${back}, or raise the stream's version in \`topic_versions\` to write to a new topic, and read the stream from the start. Nothing was written.`,
  });
  const keyless = { primaryKey: [] };
  const refreshed = { generationId: 1, minimumGenerationId: 1 };
  const count = async (name: string): Promise<number> =>
    (await committedRecords({ brokers: servers.brokers }, servers.registry, name)).length;

  expect(await write(stream, [1, 2])).toBe(0);
  const lost = refused(
    `has no primary key, and topic ${topic} was begun with keys (subject ${topic}-key)`,
    'Choose the primary key in the connection again',
  );
  expect(await write(stream, [2, 3], keyless)).toEqual(lost);
  // Nor with a refresh: the sink landed the topic by its key, and would put records without one aside.
  expect(await write(stream, [2, 3], { ...keyless, ...refreshed })).toEqual(lost);
  expect(await count(topic)).toBe(2);
  expect(await write(stream, [1, 2, 3], { ...keyless, ...refreshed }, raise)).toBe(0);
  expect(await write(stream, [4], { ...keyless, resumes: true }, raise)).toBe(0);

  expect(await write(stream, [4, 5], {}, raise)).toEqual(
    refused(
      `has the primary key "id", and topic ${topic}.v2 was begun without keys (the registry has no subject ${topic}.v2-key)`,
      'Choose no primary key in the connection, as before',
    ),
  );
  expect(await count(`${topic}.v2`)).toBe(4);
  // The first topic continues with its key.
  expect(await write(stream, [3], { resumes: true })).toBe(0);
});

test('a topic version, and the dead letters, are no stream’s topic', async () => {
  const base = uniqueName('shared');
  const streams = [base, `${base}.v2`].map((name) => ({ name, namespace: 'public', ...columns }));
  const clash = await runWrite({ ...smallest, topic_versions: { [`public.${base}`]: 2 } }, catalogOf(streams), '');
  expect(traceError(clash.stdout)).toEqual({
    kind: 'config_error',
    message: `Streams public.${base} and public.${base}.v2 would share the topic public.${base}.v2 (Kafka takes "." and "_" for the same). Change \`topic_pattern\`, or give one of them another name in the connection.`,
  });
  const stream = { name: base, namespace: 'public' };
  expect(await write(stream, [], {}, { dead_letter_topic: `public.${base}` })).toEqual({
    kind: 'config_error',
    message: `Stream public.${base} would share the topic public.${base} with dead letters. Change \`dead_letter_topic\` or \`topic_pattern\`.`,
  });
});
