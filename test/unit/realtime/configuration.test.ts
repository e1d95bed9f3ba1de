import { parseRealtimeConfig } from '../../../realtime/src/config/realtime-config';
import { javaClientProperties, parseSecurity } from '../../../realtime/src/config/security';
import { ConfigReader } from '@ewallet/failure';
import { PROJECT_ROOT } from '../../support/command';

const least = { bootstrap_servers: 'broker:9092', schema_registry: { url: 'http://registry:8081/' } };
const parse = (more: Readonly<Record<string, unknown>> = {}): ReturnType<typeof parseRealtimeConfig> =>
  parseRealtimeConfig({ ...least, ...more }, PROJECT_ROOT);

test('the smallest configuration reads the topics of the destination', () => {
  const config = parse();
  expect(config).toMatchObject({
    bootstrapServers: 'broker:9092',
    registry: { url: 'http://registry:8081', credentials: { kind: 'none' } },
    topicPattern: '{namespace}.{stream}',
    namespace: 'public',
    topicPrefix: 'realtime',
    checkpointIntervalSeconds: 2,
  });
});

test.each([
  [{ topic_prefx: 'x' }, 'Unknown key `topic_prefx`: did you mean `topic_prefix`?'],
  [{ products: ['minute_volume'] }, '`products` has "minute_volume"; it may have '],
  [
    { bootstrap_servers: 'broker' },
    '`bootstrap_servers` must be host:port, several separated by commas; "broker" is not.',
  ],
  [{ topic_prefix: 'a b' }, '`topic_prefix` may have letters, digits, ".", "_" and "-" only.'],
  [{ schema_registry: { url: 'registry' } }, '`schema_registry.url` must start with http:// or https://.'],
  [{ protocol: { security_protocol: 'SASL_SSL' } }, '`protocol` needs `username` and `password` for SASL.'],
  [{ cluster: { rest_url: 'flink:8081' } }, '`cluster.rest_url` must start with http:// or https://.'],
  [
    { cluster: { rest_url: 'http://f', checkpoints: 'x' } },
    'Unknown key `cluster.checkpoints`: did you mean `cluster.rest_url`?',
  ],
  [
    { cluster: { rest_url: 'http://f', checkpoint_directory: '/data' } },
    '`cluster.checkpoint_directory` must be a URI that the whole cluster reaches, such as s3://bucket/folder.',
  ],
  [{ metrics_port: 65_535 }, '`metrics_port` must be between 1 and 65534: the TaskManager has the next one.'],
  [
    { cluster: { rest_url: 'http://f' }, schema_registry: { url: 'http://r', ca_certificate: 'PEM' } },
    '`schema_registry.ca_certificate` with `cluster` needs `truststore` too',
  ],
  [{ checkpoint_interval_seconds: 0 }, '`checkpoint_interval_seconds` must be a whole number from 1 to 3600.'],
])('%j is refused by name', (more, message) => {
  expect(() => parse(more)).toThrow(message);
});

test('a login is written for the client that Flink brings, with quotes and backslashes escaped', () => {
  const security = parseSecurity(
    new ConfigReader(
      {
        security_protocol: 'SASL_SSL',
        sasl_mechanism: 'SCRAM-SHA-512',
        username: 'us"er',
        password: 'pass\\word',
        ca_certificate: 'PEM',
      },
      'protocol',
    ),
  );
  expect(javaClientProperties(security)).toEqual({
    'security.protocol': 'SASL_SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': 'PEM',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config':
      'org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule required username="us\\"er" password="pass\\\\word";',
  });
});
