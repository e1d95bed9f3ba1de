import { Failure, type ConfigReader } from '@ewallet/failure';

export type SaslSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'oauthbearer';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | undefined;
    };

/** @throws Failure naming the key that is missing or wrong */
export function parseSasl(reader: ConfigReader): SaslSettings {
  const mechanism = reader.oneOf(
    'sasl_mechanism',
    ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const,
    'PLAIN',
  );
  const jaas = reader.optionalText('sasl_jaas_config');
  const username = reader.optionalText('username') ?? fromJaas(jaas, 'username');
  const password = reader.optionalText('password') ?? fromJaas(jaas, 'password');
  if (mechanism === 'OAUTHBEARER') {
    return {
      kind: 'oauthbearer',
      tokenUrl: reader.text('oauth_token_url'),
      clientId: reader.text('oauth_client_id'),
      clientSecret: reader.text('oauth_client_secret'),
      scope: reader.optionalText('oauth_scope'),
    };
  }
  if (username === undefined || password === undefined) {
    throw Failure.config(
      '`protocol` needs `username` and `password` (or a `sasl_jaas_config` that holds them) for SASL.',
    );
  }
  const kinds = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const;
  return { kind: kinds[mechanism], username, password };
}

/** Airbyte's destination-kafka takes user and password inside a JAAS line. */
function fromJaas(jaas: string | undefined, option: 'username' | 'password'): string | undefined {
  const match = new RegExp(`\\b${option}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|'([^']*)')`).exec(jaas ?? '');
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
}
