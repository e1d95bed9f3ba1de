import type { ConnectionOptions } from 'node:tls';

/** How much the connection trusts: libpq's modes, with certificates as pasted PEM text. */
export type SslMode =
  | { readonly mode: 'disable' | 'allow' | 'prefer' }
  | ({ readonly mode: 'require' } & ClientCertificate)
  | ({ readonly mode: 'verify-ca' | 'verify-full'; readonly caCertificate: string | undefined } & ClientCertificate);

export interface ClientCertificate {
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly clientKeyPassword: string | undefined;
}

export const sslModeNames = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/**
 * What to try, in order, for one mode: `allow` begins in plain text, `prefer` with TLS, and each falls back to the other.
 *
 * @param host the name the server's certificate has to carry with verify-full; behind a tunnel it is not the address dialled
 */
export function tlsAttempts(ssl: SslMode, host: string): readonly (false | ConnectionOptions)[] {
  const unverified: ConnectionOptions = { rejectUnauthorized: false, ...serverName(host) };
  switch (ssl.mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, unverified];
    case 'prefer':
      return [unverified, false];
    case 'require':
      return [{ ...unverified, ...clientCertificate(ssl) }];
    case 'verify-ca':
      return [
        {
          rejectUnauthorized: true,
          ...serverName(host),
          ...(ssl.caCertificate === undefined ? {} : { ca: ssl.caCertificate }),
          ...clientCertificate(ssl),
          checkServerIdentity: anyHost,
        },
      ];
    case 'verify-full':
      return [
        {
          rejectUnauthorized: true,
          ...serverName(host),
          ...(ssl.caCertificate === undefined ? {} : { ca: ssl.caCertificate }),
          ...clientCertificate(ssl),
        },
      ];
    default:
      return ssl satisfies never;
  }
}

/** verify-ca trusts the issuer, whatever host the certificate names. */
function anyHost(): undefined {
  return undefined;
}

/** Node sends and checks `servername` as a DNS name; an IP address is checked against the certificate without it. */
function serverName(host: string): ConnectionOptions {
  return /^[0-9.]+$|:|^\//.test(host) ? { host } : { host, servername: host };
}

function clientCertificate(ssl: ClientCertificate): ConnectionOptions {
  return {
    ...(ssl.clientCertificate === undefined ? {} : { cert: ssl.clientCertificate }),
    ...(ssl.clientKey === undefined ? {} : { key: ssl.clientKey }),
    ...(ssl.clientKeyPassword === undefined ? {} : { passphrase: ssl.clientKeyPassword }),
  };
}
