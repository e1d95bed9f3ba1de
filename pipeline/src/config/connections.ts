import { Failure, type ConfigReader } from '@ewallet/failure';
import type { RegistryOptions } from '@ewallet/avro';
import type { KafkaConnection } from '@ewallet/kafka';
import { parseConnectKeys, type ConnectionConfig } from '@ewallet/postgres';

/** A status that waits for its answers longer than this is no use to anybody. */
const REQUEST_TIMEOUT_MS = 5_000;
const CLIENT_ID = 'ewallet-pipeline';

/** The sink's `connection.url`, `connection.user` and `connection.password`. */
export function warehouseOf(keys: ConfigReader): ConnectionConfig {
  return parseConnectKeys(
    keys.text('connection.url'),
    keys.optionalText('connection.user'),
    keys.optionalText('connection.password'),
  );
}

/** The sink's `consumer.override.*`. */
export function kafkaOfSink(keys: ConfigReader): KafkaConnection {
  const key = (name: string): string | undefined => keys.optionalText(`consumer.override.${name}`);
  const protocol = key('security.protocol') ?? 'PLAINTEXT';
  const jaas = key('sasl.jaas.config') ?? '';
  return {
    brokers: brokersOf(keys.text('consumer.override.bootstrap.servers')),
    clientId: CLIENT_ID,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ssl: protocol.endsWith('SSL')
      ? tls({
          ca: key('ssl.truststore.certificates'),
          cert: key('ssl.keystore.certificate.chain'),
          key: key('ssl.keystore.key'),
        })
      : false,
    ...(protocol.startsWith('SASL')
      ? {
          sasl: sasl(
            key('sasl.mechanism') ?? 'PLAIN',
            key('sasl.username') ?? /username="([^"]*)"/.exec(jaas)?.[1],
            key('sasl.password') ?? /password="([^"]*)"/.exec(jaas)?.[1],
          ),
        }
      : {}),
  };
}

/** The destination's `bootstrap_servers` and `protocol`. */
export function kafkaOfDestination(config: ConfigReader): KafkaConnection {
  const protocol = config.optionalObject('protocol');
  const key = (name: string): string | undefined => protocol?.optionalText(name);
  const security = key('security_protocol') ?? 'PLAINTEXT';
  const jaas = key('sasl_jaas_config') ?? '';
  return {
    brokers: brokersOf(config.text('bootstrap_servers')),
    clientId: CLIENT_ID,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ssl: security.endsWith('SSL')
      ? {
          ...tls({
            ca: key('ca_certificate'),
            cert: key('client_certificate'),
            key: key('client_key'),
            passphrase: key('client_key_password'),
          }),
          rejectUnauthorized: protocol?.value('verify') !== false,
        }
      : false,
    ...(security.startsWith('SASL')
      ? {
          sasl: sasl(
            key('sasl_mechanism') ?? 'PLAIN',
            key('username') ?? /username="([^"]*)"/.exec(jaas)?.[1],
            key('password') ?? /password="([^"]*)"/.exec(jaas)?.[1],
          ),
        }
      : {}),
  };
}

/** The sink's `value.converter.*`. */
export function registryOfSink(keys: ConfigReader): RegistryOptions | undefined {
  const url = keys.optionalText('value.converter.schema.registry.url');
  if (url === undefined) return undefined;
  const userInfo = keys.optionalText('value.converter.basic.auth.user.info');
  const ca = keys.optionalText('value.converter.schema.registry.ssl.truststore.certificates');
  const [username = '', ...password] = (userInfo ?? '').split(':');
  return {
    url,
    ...(userInfo === undefined ? {} : { credentials: { kind: 'basic', username, password: password.join(':') } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  };
}

/** The destination's `schema_registry`. */
export function registryOfDestination(config: ConfigReader): RegistryOptions | undefined {
  const registry = config.optionalObject('schema_registry');
  if (registry === undefined) return undefined;
  const key = (name: string): string | undefined => registry.optionalText(name);
  const username = key('username');
  const token = key('bearer_token');
  return {
    url: registry.text('url'),
    ...(token !== undefined
      ? { credentials: { kind: 'bearer', token } }
      : username !== undefined
        ? { credentials: { kind: 'basic', username, password: key('password') ?? '' } }
        : {}),
    tls: {
      ca: key('ca_certificate'),
      certificate: key('client_certificate'),
      key: key('client_key'),
      keyPassphrase: key('client_key_password'),
      rejectUnauthorized: registry.value('verify') !== false,
    },
  };
}

function brokersOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
}

/** Without the members that are not set, as kafkajs takes them. */
function tls(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function sasl(mechanism: string, username: string | undefined, password: string | undefined): object {
  if (!['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].includes(mechanism)) {
    throw Failure.config(
      `Kafka's SASL mechanism ${mechanism} is not spoken by ewallet-pipeline: give \`kafka\` a user with PLAIN or SCRAM.`,
    );
  }
  if (username === undefined || password === undefined) {
    throw Failure.config('Kafka with SASL needs a user name and a password.');
  }
  return { mechanism: mechanism.toLowerCase(), username, password };
}
