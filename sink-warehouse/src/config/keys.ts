/** Every key of the configuration file. One list makes the parser, the refusal of unknown keys and the documentation. */
interface KeyBase {
  readonly name: string;
  /** One line for people; docs/sink-warehouse.md has the same text, and a test compares them. */
  readonly doc: string;
  readonly secret?: true;
}

export type Key = KeyBase &
  (
    | { readonly kind: 'text'; readonly default?: string }
    | { readonly kind: 'list' }
    | { readonly kind: 'boolean'; readonly default: boolean }
    | { readonly kind: 'integer'; readonly default: number; readonly least: number; readonly most: number }
    | { readonly kind: 'choice'; readonly default?: string; readonly choices: readonly string[] }
    | { readonly kind: 'ignored' }
    | { readonly kind: 'converter' }
    | { readonly kind: 'unsupported' }
  );

const integer = (
  name: string,
  value: number,
  { least, most, doc }: { readonly least: number; readonly most: number; readonly doc: string },
): Key => ({
  kind: 'integer',
  name,
  default: value,
  least,
  most,
  doc,
});
const flag = (name: string, value: boolean, doc: string): Key => ({ kind: 'boolean', name, default: value, doc });
const text = (name: string, doc: string, fallback?: string): Key => ({
  kind: 'text',
  name,
  doc,
  ...(fallback === undefined ? {} : { default: fallback }),
});
const secret = (name: string, doc: string): Key => ({ kind: 'text', name, doc, secret: true });
const choice = (name: string, choices: readonly string[], doc: string, fallback?: string): Key => ({
  kind: 'choice',
  name,
  choices,
  doc,
  ...(fallback === undefined ? {} : { default: fallback }),
});

/** Keys of Connect's that lose nothing when they are passed over: a file written for Connect works as it stands. */
const ignored = (name: string, why = ''): Key => ({
  kind: 'ignored',
  name,
  doc: `Accepted for Kafka Connect files; has no effect${why === '' ? '' : `: ${why}`}.`,
});
/** Keys of Connect's that change what lands: to pass them over would land something that nobody asked for. */
const unsupported = (name: string, instead: string): Key => ({
  kind: 'unsupported',
  name,
  doc: `Refused when it is set: ${instead}.`,
});

export const KEYS: readonly Key[] = [
  text('name', 'The connector: names its offsets in the warehouse and, by default, its consumer group. Required.'),
  { kind: 'list', name: 'topics', doc: 'Topics to read, with commas between. This or topics.regex.' },
  text('topics.regex', 'Topics to read, as a regular expression over whole names; new topics are found while running.'),
  integer('topics.refresh.interval.ms', 10_000, {
    least: 500,
    most: 3_600_000,
    doc: 'How often new topics and partitions are looked up; every half second while a topic is missing, and just after an assignment.',
  }),
  integer('topics.retry.interval.ms', 60_000, {
    least: 500,
    most: 3_600_000,
    doc: 'How often a parked topic, one that cannot land while others can, is tried again.',
  }),
  secret(
    'connection.url',
    'The warehouse: postgresql://user:password@host:5432/database?sslmode=verify-full. Required.',
  ),
  text('connection.user', 'User of the warehouse, where the URL names none.'),
  secret('connection.password', 'Password of that user.'),
  integer('connection.timeout.ms', 30_000, {
    least: 500,
    most: 3_600_000,
    doc: 'How long the warehouse may take over one batch before the connection counts as lost; where rows land in runs, over one run. Raise it before a change of type that rewrites a large table.',
  }),
  choice(
    'insert.mode',
    ['upsert', 'insert'],
    'upsert: one row per key, the last offset wins. insert: every record becomes a row.',
    'insert',
  ),
  choice(
    'pk.mode',
    ['record_key', 'record_value', 'kafka', 'none'],
    'Where the primary key comes from: fields of the key, of the value, or topic, partition and offset. upsert needs one.',
    'none',
  ),
  {
    kind: 'list',
    name: 'pk.fields',
    doc: 'With record_key: fields of the key (empty: all), or the column of a key that is a single value. With record_value: fields of the value, required.',
  },
  text('table.name.format', 'Table of a topic; ${stream}, ${namespace} and ${topic} are filled in.', 'raw.${stream}'),
  {
    kind: 'list',
    name: 'table.partition.by.month',
    doc: 'Large tables to partition by month, each with its timestamp or date column: transactions:created_at. Says how a table is made; one that is there is not rebuilt.',
  },
  flag('auto.create', false, 'Create tables that do not exist.'),
  flag('auto.evolve', false, 'Add columns and widen types as records need it. Nothing is ever narrowed.'),
  flag(
    'delete.enabled',
    true,
    'A tombstone deletes the row of its key; false: tombstones are counted and passed over.',
  ),
  choice(
    'errors.tolerance',
    ['none', 'all'],
    'none: the first record that does not fit stops the sink. all: it goes to the dead letter queue.',
    'none',
  ),
  flag('errors.log.enable', true, 'Log each dead letter with its topic, partition, offset and reason.'),
  text(
    'errors.deadletterqueue.topic.name',
    'Topic that gets dead letters from sink.dead_letters; empty: they stay in that table.',
    '',
  ),
  integer('errors.deadletterqueue.topic.replication.factor', 3, {
    least: 1,
    most: 100,
    doc: 'Replication of that topic where the sink creates it.',
  }),
  flag('errors.deadletterqueue.context.headers.enable', true, 'Add the __connect.errors.* headers.'),
  integer('errors.breaker.max.per.minute', 1000, {
    least: 1,
    most: 1_000_000_000,
    doc: 'More dead letters than this in a minute stop the sink: a flood is a fault of ours, not of the records.',
  }),
  integer('errors.retry.timeout', -1, {
    least: -1,
    most: 2_147_483_647,
    doc: 'How many milliseconds faults of the environment are retried before the sink exits; -1: for ever.',
  }),
  integer('flush.interval.ms', 200, {
    least: 0,
    most: 600_000,
    doc: 'A record waits at most this long for others before its transaction begins.',
  }),
  integer('flush.max.bytes', 16_777_216, {
    least: 65_536,
    most: 268_435_456,
    doc: 'Bytes of a batch: rows in COPY form and the Kafka records they came from. Two batches may be in memory.',
  }),
  choice(
    'topic.reset.policy',
    ['fail', 'earliest'],
    'What to do when offsets of the warehouse are not in the topic any more (truncated, recreated, expired): stop, or read what is there.',
    'fail',
  ),
  choice(
    'consumer.override.auto.offset.reset',
    ['earliest', 'latest'],
    'Where a partition begins that the warehouse does not know.',
    'earliest',
  ),
  {
    kind: 'list',
    name: 'consumer.override.bootstrap.servers',
    doc: 'Kafka brokers, host:port with commas between. Required.',
  },
  text('consumer.override.group.id', 'Consumer group; connect-<name> by default, as in Kafka Connect.'),
  text('consumer.override.client.id', 'Client id in the broker’s logs and quotas.', 'sink-warehouse'),
  integer('consumer.override.session.timeout.ms', 30_000, {
    least: 6000,
    most: 1_800_000,
    doc: 'After this long without a heartbeat the group gives the partitions to others.',
  }),
  integer('consumer.override.max.poll.interval.ms', 60_000, {
    least: 6000,
    most: 1_800_000,
    doc: 'How long the group waits for a member to join again in a rebalance.',
  }),
  integer('consumer.override.request.timeout.ms', 15_000, {
    least: 1000,
    most: 600_000,
    doc: 'How long a broker may take to answer.',
  }),
  integer('consumer.override.fetch.max.bytes', 8_388_608, {
    least: 65_536,
    most: 268_435_456,
    doc: 'Bytes of one fetch.',
  }),
  integer('consumer.override.max.partition.fetch.bytes', 2_097_152, {
    least: 65_536,
    most: 268_435_456,
    doc: 'Bytes of one partition in one fetch.',
  }),
  integer('consumer.override.fetch.max.wait.ms', 250, {
    least: 10,
    most: 60_000,
    doc: 'How long a broker holds a fetch that finds nothing.',
  }),
  choice(
    'consumer.override.security.protocol',
    ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    'Encryption and authentication of the brokers.',
    'PLAINTEXT',
  ),
  choice('consumer.override.sasl.mechanism', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], 'With SASL.', 'PLAIN'),
  text('consumer.override.sasl.username', 'With SASL.'),
  secret('consumer.override.sasl.password', 'With SASL.'),
  secret('consumer.override.sasl.jaas.config', 'Username and password in Java’s form, instead of the two keys above.'),
  text('consumer.override.ssl.truststore.certificates', 'PEM of the authorities that sign the brokers’ certificates.'),
  text('consumer.override.ssl.keystore.certificate.chain', 'PEM of the client certificate, for mutual TLS.'),
  secret('consumer.override.ssl.keystore.key', 'PEM of its key.'),
  text('value.converter.schema.registry.url', 'Schema registry, with Confluent’s REST API. Required.'),
  secret('value.converter.basic.auth.user.info', 'user:password of the registry.'),
  text(
    'value.converter.schema.registry.ssl.truststore.certificates',
    'PEM of the authority that signs the registry’s certificate.',
  ),
  flag('rest.enabled', true, 'Serve the REST API, metrics and health.'),
  text(
    'rest.host',
    'Address to serve on. Anything but a loopback address should come with rest.basic.auth.*.',
    '127.0.0.1',
  ),
  integer('rest.port', 8083, { least: 0, most: 65_535, doc: 'Port to serve on; 0 takes a free one and logs it.' }),
  text('rest.basic.auth.user', 'With a password: what the REST API asks for. Health and metrics stay open.'),
  secret('rest.basic.auth.password', 'Password of the REST API.'),
  choice(
    'log.level',
    ['trace', 'debug', 'info', 'warn', 'error'],
    'How much is logged, as JSON lines on stderr.',
    'info',
  ),
  ignored('connector.class'),
  ignored('tasks.max', 'start more instances instead'),
  ignored('tasks.max.enforce'),
  ignored('config.action.reload'),
  {
    kind: 'converter',
    name: 'key.converter',
    doc: 'An AvroConverter, which is what keys are read by; another class is refused where pk.mode=record_key reads keys.',
  },
  {
    kind: 'converter',
    name: 'value.converter',
    doc: 'An AvroConverter, which is what values are read by; another class is refused.',
  },
  ignored('header.converter', 'headers are read as text'),
  ignored('batch.size', 'batches are bounded by flush.max.bytes'),
  ignored('max.retries', 'retries are bounded by errors.retry.timeout'),
  ignored('retry.backoff.ms', 'the wait grows from 250 ms to 10 s'),
  ignored('errors.retry.delay.max.ms', 'the wait grows from 250 ms to 10 s'),
  ignored('connection.attempts', 'retries are bounded by errors.retry.timeout'),
  ignored('connection.backoff.ms', 'the wait grows from 250 ms to 10 s'),
  ignored('dialect.name', 'the warehouse is PostgreSQL'),
  ignored('db.timezone', 'timestamps land as the instants that they are'),
  ignored('date.timezone', 'dates have no time zone'),
  ignored('table.types'),
  ignored('quote.sql.identifiers', 'names are always quoted'),
  ignored('trim.sensitive.log', 'values are never logged'),
  ignored('replace.null.with.default', 'null stays null'),
  ignored('value.converter.enhanced.avro.schema.support'),
  ignored('value.converter.connect.meta.data'),
  ignored('value.converter.auto.register.schemas'),
  ignored('value.converter.schemas.enable'),
  ignored('key.converter.schemas.enable'),
  ignored('consumer.override.max.poll.records', 'batches are bounded by flush.max.bytes'),
  ignored('consumer.override.fetch.min.bytes', 'a quiet topic is read at once'),
  ignored('consumer.override.heartbeat.interval.ms', 'one is sent each half second'),
  ignored('consumer.override.enable.auto.commit', 'offsets live in the warehouse'),
  ignored('consumer.override.partition.assignment.strategy'),
  unsupported('transforms', 'shape rows at the producer or in dbt'),
  unsupported('predicates', 'shape rows at the producer or in dbt'),
  unsupported('fields.whitelist', 'leave columns out at the source'),
  ignored('key.converter.schema.registry.url'),
  ignored('key.converter.basic.auth.user.info'),
  ignored('key.converter.basic.auth.credentials.source'),
  ignored('value.converter.basic.auth.credentials.source'),
  ignored('consumer.override.isolation.level'),
  ignored('errors.log.include.messages'),
];
