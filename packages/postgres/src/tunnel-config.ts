import { Failure, isObject, refuseUnknown, textOf, type Json } from '@ewallet/failure';

/** Whether the database is reached through an SSH server, by the keys of Airbyte's PostgreSQL connectors. */
export type Tunnel =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'ssh';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly secret:
        { readonly privateKey: string; readonly passphrase: string | undefined } | { readonly password: string };
    };

const KEYS = [
  'tunnel_method',
  'tunnel_host',
  'tunnel_port',
  'tunnel_user',
  'ssh_key',
  'ssh_key_passphrase',
  'tunnel_user_password',
] as const;

/**
 * `{tunnel_method, tunnel_host, tunnel_port, tunnel_user, ssh_key, ssh_key_passphrase, tunnel_user_password}`.
 *
 * @throws Failure naming the key and what it must be
 */
export function parseTunnel(value: unknown): Tunnel {
  if (value === undefined || value === null) return { kind: 'none' };
  if (!isObject(value)) throw Failure.config('`tunnel_method` must be a JSON object.');
  const object: Json = value;
  refuseUnknown(object, KEYS, 'tunnel_method.');
  const server = (): { host: string; port: number; user: string } => ({
    host: required(object, 'tunnel_host'),
    port: portOf(object),
    user: required(object, 'tunnel_user'),
  });
  switch (object.tunnel_method) {
    case undefined:
    case 'NO_TUNNEL':
      return { kind: 'none' };
    case 'SSH_KEY_AUTH': {
      const passphrase = textOf(object, 'ssh_key_passphrase', 'tunnel_method.');
      const privateKey = required(object, 'ssh_key');
      return {
        kind: 'ssh',
        ...server(),
        secret: { privateKey, passphrase },
      };
    }
    case 'SSH_PASSWORD_AUTH':
      return { kind: 'ssh', ...server(), secret: { password: required(object, 'tunnel_user_password') } };
    default:
      throw Failure.config('`tunnel_method.tunnel_method` must be NO_TUNNEL, SSH_KEY_AUTH or SSH_PASSWORD_AUTH.');
  }
}

function required(object: Json, key: (typeof KEYS)[number]): string {
  const value = textOf(object, key, 'tunnel_method.');
  if (value === undefined) throw Failure.config(`\`tunnel_method.${key}\` is missing.`);
  return value;
}

function portOf(object: Json): number {
  const port = object.tunnel_port ?? 22;
  if (typeof port !== 'number' || !Number.isSafeInteger(port) || port < 1) {
    throw Failure.config('`tunnel_port` must be a whole number of at least 1.');
  }
  return port;
}
