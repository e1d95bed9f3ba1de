import type { Client, Connection, Submittable } from 'pg';
import type { Socket } from 'node:net';
import { takeSocket } from './driver-socket';
import { FrameReader, MESSAGE_HEADER } from './frame-reader';
import type { RecordEncoder } from './record-encoder';

const COPY_DATA = 0x64; // d
const COPY_DONE = 0x63; // c
const ERROR = 0x45; // E

interface Handlers {
  handleError(error: Error): void;
  handleCommandComplete(message: { text?: string }): void;
  handleReadyForQuery(): void;
}

/**
 * Runs `COPY … TO STDOUT` and gives its rows as encoded lines, at most a few chunks ahead of the consumer. The driver's
 * parser makes an object per row; this one reads the CopyData messages where they lie in the socket's chunks and hands
 * everything else back to the driver.
 *
 * @returns rows read
 */
export async function* copyOut(
  client: Client,
  sql: string,
  encoder: RecordEncoder,
  now: () => number,
): AsyncGenerator<Uint8Array, number> {
  const copy = new CopyOut(sql, encoder, now);
  client.query(copy as unknown as Submittable);
  try {
    for (;;) {
      const lines = await copy.next();
      if (lines === undefined) break;
      yield lines;
    }
    await copy.finished;
    return copy.rows;
  } finally {
    copy.abandon();
  }
}

class CopyOut implements Handlers {
  rows = 0;
  readonly finished: Promise<void>;
  private readonly ready: Uint8Array[] = [];
  private wake: () => void = () => undefined;
  private settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: noop, reject: noop };
  private ended = false;
  private failure: Error | undefined;
  private socket: Socket | undefined;
  private driver: ((chunk: Buffer) => void) | undefined;
  private readonly frames = new FrameReader();

  constructor(
    private readonly text: string,
    private readonly encoder: RecordEncoder,
    private readonly now: () => number,
  ) {
    this.finished = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.finished.catch(noop);
  }

  /** The next lines; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const lines = this.ready.shift();
      if (lines !== undefined) return lines;
      if (this.failure !== undefined) throw this.failure;
      if (this.ended) return undefined;
      if (this.driver !== undefined) this.socket?.resume();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** A consumer that stopped early leaves the connection in the middle of a message: it cannot be used again. */
  abandon(): void {
    if (!this.ended) this.socket?.destroy();
  }

  /** Called by the driver when the connection is free. */
  submit(connection: Connection): void {
    const { socket, driver } = takeSocket(connection, this.onData);
    this.socket = socket;
    this.driver = driver;
    (connection as unknown as { query(text: string): void }).query(this.text);
  }

  handleError(error: Error): void {
    this.finish(error);
  }

  handleCommandComplete(): void {
    // The row count of the command tag is one of ours: the messages were counted as they came.
  }

  handleReadyForQuery(): void {
    this.finish(undefined);
  }

  private finish(error: Error | undefined): void {
    this.detach(Buffer.alloc(0));
    this.ended = true;
    this.failure = error;
    if (error === undefined) this.settle.resolve();
    else this.settle.reject(error);
    this.wake();
  }

  private readonly onData = (chunk: Buffer): void => {
    const emittedAt = this.now();
    this.read(chunk, emittedAt);
    if (this.ready.length === 0) return;
    // Enough for the consumer to continue with; not once the socket is the driver's again.
    if (this.driver !== undefined) this.socket?.pause();
    this.wake();
  };

  private read(chunk: Buffer, emittedAt: number): void {
    let refused: Buffer | undefined;
    const rest = this.frames.read(chunk, (bytes, start, end) => {
      switch (bytes[start]) {
        case COPY_DATA: {
          this.rows += 1;
          const full = this.encoder.encode(bytes, start + MESSAGE_HEADER, end, emittedAt);
          if (full !== undefined) this.ready.push(full);
          return true;
        }
        case COPY_DONE: {
          const last = this.encoder.flush();
          if (last !== undefined) this.ready.push(last);
          return false;
        }
        case ERROR:
          refused = bytes.subarray(start, end);
          return false;
        default:
          return true;
      }
    });
    if (rest !== undefined) this.detach(refused === undefined ? rest : Buffer.concat([refused, rest]));
  }

  /** Gives the socket, and what was read and is not ours, back to the driver. */
  private detach(rest: Buffer): void {
    const { socket, driver } = this;
    if (socket !== undefined && driver !== undefined) {
      this.driver = undefined;
      socket.removeListener('data', this.onData);
      socket.on('data', driver);
      if (rest.length > 0) driver(rest);
      socket.resume();
    }
  }
}

function noop(): void {
  // nothing to do
}
