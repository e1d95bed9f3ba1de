import { InvalidArgumentError } from 'commander';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '@ewallet/failure';

/** An address to listen on, and what its user would change. */
export interface ListenRequest {
  /** Who listens, as the sentence begins: "The REST API". */
  readonly what: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How another address is chosen. */
  readonly remedy: string;
}

/** A server that answers. Close it. */
export interface Listening {
  /** The port that it got. */
  readonly port: number;
  readonly url: string;
  /** Ends what is being answered, too. */
  close(): void;
}

/** A port as an option gives it. @throws InvalidArgumentError, which commander shows beside the option */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

/** @throws Failure of kind config_error where the address is taken, not allowed, or none of this machine */
export async function listen(server: Server, request: ListenRequest): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenFailure(error, request));
    });
    server.listen(request.port, request.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function listenFailure(error: Error, { what, host, port, remedy }: ListenRequest): Error {
  const why = reason('code' in error ? error.code : undefined);
  if (why === undefined) return error;
  return Failure.config(`${what} cannot listen on ${host}:${port}, ${why}: ${remedy}.`, { cause: error });
}

function reason(code: unknown): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return 'which another program uses';
    case 'EACCES':
      return 'which this user may not';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'which is no address of this machine';
    default:
      return undefined;
  }
}
