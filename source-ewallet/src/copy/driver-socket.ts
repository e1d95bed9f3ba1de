import type { Socket } from 'node:net';
import type { Connection } from 'pg';

/** A connection's socket while its bytes come to us, and the driver's listener, which gets it back. */
export interface TakenSocket {
  readonly socket: Socket;
  readonly driver: (chunk: Buffer) => void;
}

/** Sends what the connection receives to `onData` in place of the driver, whose own parser makes an object per message. */
export function takeSocket(connection: Connection, onData: (chunk: Buffer) => void): TakenSocket {
  const socket = connection.stream as unknown as Socket;
  const [listener] = socket.listeners('data');
  if (listener === undefined) throw new Error('the driver does not listen to its socket');
  const driver = listener as (chunk: Buffer) => void;
  socket.removeListener('data', driver);
  socket.on('data', onData);
  return { socket, driver };
}
