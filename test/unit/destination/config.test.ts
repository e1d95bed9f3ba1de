import { parseConfig } from '../../../destination-kafka/src/config/config';
import { transactionalIds } from '../../../destination-kafka/src/write/stream-plan';

/** Every key of Airbyte's own destination-kafka, with the values that its form puts in. */
const airbytes = {
  bootstrap_servers: 'kafka-1:9092,kafka-2:9092',
  topic_pattern: 'sample.{namespace}.{stream}',
  test_topic: 'test.topic',
  sync_producer: false,
  protocol: {
    security_protocol: 'SASL_SSL',
    sasl_mechanism: 'SCRAM-SHA-512',
    sasl_jaas_config:
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="air\\"byte" password=\'s3cret\';',
  },
  client_id: 'airbyte-producer',
  acks: '1',
  enable_idempotence: false,
  compression_type: 'lz4',
  batch_size: '16384',
  linger_ms: '0',
  max_in_flight_requests_per_connection: 5,
  client_dns_lookup: 'use_all_dns_ips',
  buffer_memory: '33554432',
  max_request_size: 1048576,
  retries: 2147483647,
  socket_connection_setup_timeout_ms: '10000',
  socket_connection_setup_timeout_max_ms: '30000',
  max_block_ms: '60000',
  request_timeout_ms: 30000,
  delivery_timeout_ms: 120000,
  send_buffer_bytes: -1,
  receive_buffer_bytes: -1,
};
const schema_registry = { url: 'http://registry:8081' };

test("a configuration of Airbyte's own destination-kafka works with a registry added to it", () => {
  expect(parseConfig({ ...airbytes, schema_registry })).toMatchObject({
    kafka: {
      bootstrapServers: ['kafka-1:9092', 'kafka-2:9092'],
      clientId: 'airbyte-producer',
      tls: { ca: undefined, verify: true },
      sasl: { kind: 'scram-sha-512', username: 'air"byte', password: 's3cret' },
      requestTimeoutMs: 30000,
    },
    topicPattern: 'sample.{namespace}.{stream}',
    compression: 'lz4',
    deliveryTimeoutMs: 120000,
  });
});

test.each([
  [{ ...airbytes }, '`schema_registry` is missing.'],
  [{ ...airbytes, schema_registry, bach_size: 1 }, 'Unknown key `bach_size`: did you mean `batch_size`?'],
  [
    { ...airbytes, schema_registry, protocol: { security_protocol: 'SASL_SSL', sasl_mechanism: 'GSSAPI' } },
    '`protocol.sasl_mechanism` must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER.',
  ],
])('what cannot work is refused by its key', (config, message) => {
  expect(() => parseConfig(config)).toThrow(message);
});

test('the transactional id is that of the first topic by name, and runs with other topics in common are fenced', () => {
  const none = { transactionalId: undefined };
  expect(transactionalIds(none, ['public.users', 'public.accounts', 'public.users'])).toEqual({
    own: 'destination-kafka.public.accounts',
    byTopic: new Map([
      ['public.accounts', 'destination-kafka.public.accounts'],
      ['public.users', 'destination-kafka.public.users'],
    ]),
  });
  expect(transactionalIds(none, [])).toEqual({ own: 'destination-kafka', byTopic: new Map() });
  expect(transactionalIds({ transactionalId: 'mine' }, ['a', 'b'])).toEqual({ own: 'mine', byTopic: new Map() });
});
