import { Failure, type ConfigReader } from '@ewallet/failure';
import type { SASLOptions } from 'kafkajs';

export interface KafkaSecurity {
  /** Undefined: no TLS. PEM texts. */
  readonly tls:
    | {
        readonly ca: string | undefined;
        readonly certificate: string | undefined;
        readonly key: string | undefined;
        readonly keyPassphrase: string | undefined;
      }
    | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;

/** The keys of the destination's `protocol`; OAuth is not offered, as Flink's client needs a login class of its own. */
export function parseSecurity(reader: ConfigReader | undefined): KafkaSecurity {
  if (reader === undefined) return { tls: undefined, sasl: undefined };
  const protocol = reader.oneOf('security_protocol', PROTOCOLS, 'PLAINTEXT');
  const tls = {
    ca: reader.optionalText('ca_certificate'),
    certificate: reader.optionalText('client_certificate'),
    key: reader.optionalText('client_key'),
    keyPassphrase: reader.optionalText('client_key_password'),
  };
  const mechanism = reader.oneOf('sasl_mechanism', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const, 'PLAIN');
  const username = reader.optionalText('username');
  const password = reader.optionalText('password');
  reader.finish();
  const usesTls = protocol === 'SSL' || protocol === 'SASL_SSL';
  if (!protocol.startsWith('SASL_')) return { tls: usesTls ? tls : undefined, sasl: undefined };
  if (username === undefined || password === undefined) {
    throw Failure.config('`protocol` needs `username` and `password` for SASL.');
  }
  return { tls: usesTls ? tls : undefined, sasl: { mechanism, username, password } };
}

/** Flink's connector brings the Kafka client under another package name, which a JAAS line must use. */
const SHADED = 'org.apache.flink.kafka.shaded.org.apache.kafka.common.security';

/** What Kafka's Java client needs to connect, by its property names. */
export function javaClientProperties(security: KafkaSecurity): Readonly<Record<string, string>> {
  const { tls, sasl } = security;
  const properties: Record<string, string> = {};
  if (tls === undefined && sasl === undefined) return properties;
  properties['security.protocol'] = `${sasl === undefined ? '' : 'SASL_'}${tls === undefined ? 'PLAINTEXT' : 'SSL'}`;
  if (tls?.ca !== undefined) {
    properties['ssl.truststore.type'] = 'PEM';
    properties['ssl.truststore.certificates'] = tls.ca;
  }
  if (tls?.certificate !== undefined && tls.key !== undefined) {
    properties['ssl.keystore.type'] = 'PEM';
    properties['ssl.keystore.certificate.chain'] = tls.certificate;
    properties['ssl.keystore.key'] = tls.key;
    if (tls.keyPassphrase !== undefined) properties['ssl.key.password'] = tls.keyPassphrase;
  }
  if (sasl !== undefined) {
    const module = sasl.mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    properties['sasl.mechanism'] = sasl.mechanism;
    properties['sasl.jaas.config'] =
      `${SHADED}.${module} required username=${jaasText(sasl.username)} password=${jaasText(sasl.password)};`;
  }
  return properties;
}

function jaasText(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** The same for kafkajs. */
export function kafkajsSecurity(security: KafkaSecurity): {
  readonly ssl?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly passphrase?: string };
  readonly sasl?: SASLOptions;
} {
  const { tls, sasl } = security;
  return {
    ...(tls === undefined
      ? {}
      : {
          ssl: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.keyPassphrase === undefined ? {} : { passphrase: tls.keyPassphrase }),
          },
        }),
    ...(sasl === undefined ? {} : { sasl: kafkajsSasl(sasl) }),
  };
}

function kafkajsSasl(sasl: NonNullable<KafkaSecurity['sasl']>): SASLOptions {
  const { username, password } = sasl;
  switch (sasl.mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
    default:
      return sasl.mechanism satisfies never;
  }
}
