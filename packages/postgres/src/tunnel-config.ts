import type { ConfigReader } from '@ewallet/failure';

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

const METHODS = ['NO_TUNNEL', 'SSH_KEY_AUTH', 'SSH_PASSWORD_AUTH'] as const;

/**
 * `{tunnel_method, tunnel_host, tunnel_port, tunnel_user, ssh_key, ssh_key_passphrase, tunnel_user_password}`.
 *
 * @throws Failure naming the key and what it must be
 */
export function parseTunnel(tunnel: ConfigReader | undefined): Tunnel {
  tunnel?.only(...KEYS);
  const method = tunnel?.oneOf('tunnel_method', METHODS, 'NO_TUNNEL');
  if (tunnel === undefined || method === undefined || method === 'NO_TUNNEL') return { kind: 'none' };
  return {
    kind: 'ssh',
    host: tunnel.text('tunnel_host'),
    port: tunnel.number('tunnel_port', 22, { min: 1, max: 65_535 }),
    user: tunnel.text('tunnel_user'),
    secret:
      method === 'SSH_KEY_AUTH'
        ? { privateKey: tunnel.text('ssh_key'), passphrase: tunnel.optionalText('ssh_key_passphrase') }
        : { password: tunnel.text('tunnel_user_password') },
  };
}
