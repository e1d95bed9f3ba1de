import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Failure } from '@ewallet/failure';
import type * as Ssh from 'ssh2';
import type { ConnectionConfig } from './connection-config';
import type { Tunnel } from './tunnel-config';

/** An end of a tunnel on this machine. */
export interface OpenTunnel {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Runs `work` while the database can be reached: through the tunnel, where there is one.
 *
 * @param timeoutSeconds for reaching the SSH server
 * @throws Failure where the SSH server cannot be used, with the key of `tunnel_method` to check
 */
export async function withTunnel<T>(
  tunnel: Tunnel,
  connection: ConnectionConfig,
  timeoutSeconds: number,
  work: (connection: ConnectionConfig) => Promise<T>,
): Promise<T> {
  if (tunnel.kind === 'none') return work(connection);
  const opened = await openTunnel(tunnel, connection, timeoutSeconds);
  try {
    return await work({ ...connection, dial: opened });
  } finally {
    await opened.close();
  }
}

/** Forwards a free local port through an SSH server to the database's address; whoever opens it closes it. */
export async function openTunnel(
  tunnel: Extract<Tunnel, { kind: 'ssh' }>,
  target: { readonly host: string; readonly port: number },
  timeoutSeconds: number,
): Promise<OpenTunnel> {
  const ssh = await connectSsh(tunnel, timeoutSeconds);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      ssh.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
        if (error !== undefined) {
          // The database client sees its connection end, and tries again or fails.
          socket.destroy();
          return;
        }
        channel.on('error', () => socket.destroy());
        socket.pipe(channel).pipe(socket);
      });
    } catch {
      // ssh2 throws 'Not connected' for a socket accepted after the SSH connection is gone: the same end for the client.
      socket.destroy();
    }
  });
  ssh.on('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      ssh.end();
      server.close();
      await once(server, 'close');
    },
  };
}

async function connectSsh(tunnel: Extract<Tunnel, { kind: 'ssh' }>, timeoutSeconds: number): Promise<Ssh.Client> {
  const where = `${tunnel.user}@${tunnel.host}:${tunnel.port}`;
  // Loaded only for those who tunnel: the library takes as long to load as the rest of the source.
  const { Client } = createRequire(__filename)('ssh2') as typeof Ssh;
  const ssh = new Client();
  const options: Ssh.ConnectConfig = {
    host: tunnel.host,
    port: tunnel.port,
    username: tunnel.user,
    readyTimeout: timeoutSeconds * 1000,
    // A firewall forgets quiet connections; a dead server is noticed after a minute.
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    ...credentials(tunnel.secret),
  };
  try {
    ssh.connect(options);
    await once(ssh, 'ready');
    ssh.on('error', () => undefined); // The sockets it carried are destroyed when it closes.
    return ssh;
  } catch (error) {
    ssh.end();
    throw tunnelFailure(error, where);
  }
}

type Secret = Extract<Tunnel, { kind: 'ssh' }>['secret'];

function credentials(secret: Secret): Pick<Ssh.ConnectConfig, 'privateKey' | 'passphrase' | 'password'> {
  if ('password' in secret) return { password: secret.password };
  const { privateKey, passphrase } = secret;
  return passphrase === undefined ? { privateKey } : { privateKey, passphrase };
}

function tunnelFailure(error: unknown, where: string): Failure {
  const text = error instanceof Error ? error.message : String(error);
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication') {
    return Failure.config(`The SSH server ${where} refused the user: check \`tunnel_user\` and the key or password.`, {
      detail: text,
      cause: error,
    });
  }
  if (text.includes('no passphrase given')) {
    return Failure.config(
      '`tunnel_method.ssh_key` is encrypted: put its passphrase into `tunnel_method.ssh_key_passphrase`.',
      { detail: 'encrypted private key without a passphrase' },
    );
  }
  if (/[Bb]ad passphrase/.test(text)) {
    return Failure.config('`tunnel_method.ssh_key_passphrase` does not open `tunnel_method.ssh_key`.', {
      detail: 'wrong passphrase of the private key',
    });
  }
  if (text.includes('privateKey')) {
    return Failure.config('`tunnel_method.ssh_key` is not a private key that can be read: paste the whole PEM text.', {
      detail: 'unreadable private key',
    });
  }
  return Failure.transient(
    `Could not reach the SSH server ${where}: check \`tunnel_host\`, \`tunnel_port\` and the network.`,
    {
      detail: text,
      cause: error,
    },
  );
}
