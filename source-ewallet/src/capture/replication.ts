import type { Client, Connection, Submittable } from 'pg';
import type { Socket } from 'node:net';
import { quoteIdentifier, quoteLiteral, formatLsn, type Lsn } from '@ewallet/postgres';
import { Failure } from '@ewallet/failure';
import { takeSocket } from '../copy/driver-socket';
import { FrameReader, MESSAGE_HEADER } from '../copy/frame-reader';
import { silent, type GivenUp, type StallWatch } from './stall-watch';
import { steadyNow } from './steady-clock';

const COPY_DATA = 0x64; // d
const COPY_DONE = 0x63; // c
const ERROR = 0x45; // E
const COMMAND_COMPLETE = 0x43; // C
const XLOG_DATA = 0x77; // w
const KEEPALIVE = 0x6b; // k
const STATUS_UPDATE = 0x72; // r

/** Microseconds from 1970 to 2000, where PostgreSQL's clock begins. */
const EPOCH_2000 = 946_684_800_000_000n;

/** What the server sent, where it lies in a chunk of the socket. */
export type Frame =
  /** A message of pgoutput at `bytes[start, end)`; `lsn` is read by {@link frameLsn}. */
  | { readonly kind: 'change'; readonly bytes: Buffer; readonly start: number; readonly end: number }
  /** Everything that ends before `lsn` was sent. A server that shuts down asks for an answer, and waits until that place is safe. */
  | { readonly kind: 'keepalive'; readonly lsn: Lsn; readonly wantsAnswer: boolean };

/** The places to report: what was received, and what is safe for good. */
export interface Standing {
  readonly received: Lsn;
  readonly acknowledged: Lsn;
}

/** The change's place in the log lies before the message: its XLogData header is 25 bytes. */
const HEADER = 25;

/** A change's place in the write-ahead log, as digits. */
export function frameLsn(frame: { readonly bytes: Buffer; readonly start: number }): string {
  const high = frame.bytes.readUInt32BE(frame.start - HEADER + 1);
  const low = frame.bytes.readUInt32BE(frame.start - HEADER + 5);
  // Exact below 8 petabytes of log.
  return high < 2 ** 21 ? String(high * 2 ** 32 + low) : String((BigInt(high) << 32n) | BigInt(low));
}

/** How the server hears of us, and we of its silence. */
interface Reports {
  /** Asked for each report. */
  readonly standing: () => Standing;
  /** Milliseconds between reports; a third of the server's wal_sender_timeout or less. */
  readonly period: number;
  /** Called once a server that is frozen was given up: nothing else that it was asked is answered either. */
  readonly onSilence: () => void;
  /** Looks after the server while it is not read. */
  readonly stall: StallWatch;
  /** Milliseconds without a word after which a server that is read counts as frozen. */
  readonly silence: number;
}

/**
 * START_REPLICATION over `pg`'s replication connection. The socket is read while there is room and paused while there is
 * not; the server is told that we live all the while, from a timer, so that a stalled reader costs no connection.
 */
export class ReplicationStream {
  private readonly frames = new FrameReader();
  private ready: Frame[] = [];
  private wake: () => void = noop;
  private failure: Error | undefined;
  private isOver = false;
  private socket: Socket | undefined;
  private driver: ((chunk: Buffer) => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private heardAt: number;
  /** Since when the socket is not read; undefined while it is. */
  private pausedAt: number | undefined;
  /** Why the server was given up, if it was. */
  givenUp: Failure | undefined;
  private isDone = false;

  constructor(
    private readonly client: Client,
    private readonly reports: Reports,
    private readonly now: () => number = steadyNow,
  ) {
    this.heardAt = now();
  }

  /** Changes of transactions that commit at `from` or later. */
  start(slot: string, publication: string, from: Lsn): void {
    const options = `proto_version '1', publication_names ${quoteLiteral(quoteIdentifier(publication)).trim()}`;
    const text = `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${formatLsn(from)} (${options})`;
    const query = {
      submit: (connection: Connection) => {
        this.take(connection, text);
      },
      handleError: (error: Error) => {
        this.end(error);
      },
      handleCommandComplete: noop,
      handleReadyForQuery: () => {
        this.end(undefined);
      },
    };
    this.client.query(query as unknown as Submittable);
    this.timer = setInterval(() => {
      this.tick();
    }, this.reports.period);
  }

  /**
   * The next messages in order; none where `milliseconds` passed without any.
   *
   * @throws what the server or the network said
   */
  async next(milliseconds: number): Promise<readonly Frame[]> {
    if (this.ready.length === 0) {
      if (this.failure !== undefined) throw this.failure;
      if (this.isOver) throw Failure.transient('The server ended the replication stream.');
      this.resume();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = noop;
    }
    const { ready } = this;
    this.ready = [];
    return ready;
  }

  /** Tells the server where we stand. @param wantsAnswer asks for a keepalive with its own place, at once */
  report(wantsAnswer: boolean): void {
    if (this.driver === undefined || this.isOver || this.isDone || this.socket === undefined) return;
    const { received, acknowledged } = this.reports.standing();
    const message = Buffer.alloc(39);
    message[0] = COPY_DATA;
    message.writeUInt32BE(38, 1);
    message[5] = STATUS_UPDATE;
    message.writeBigUInt64BE(received, 6);
    // Flushed and applied: the only place that the server forgets the log up to.
    message.writeBigUInt64BE(acknowledged, 14);
    message.writeBigUInt64BE(acknowledged, 22);
    message.writeBigInt64BE(BigInt(this.now()) * 1000n - EPOCH_2000, 30);
    message[38] = wantsAnswer ? 1 : 0;
    this.socket.write(message);
  }

  /** Ends the stream: politely where the server listens, by closing the connection where it does not. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.reports.stall.end();
    if (this.socket === undefined || this.isOver) return;
    if (this.driver !== undefined && this.failure === undefined) {
      this.report(false);
      this.sayDone();
      const deadline = this.now() + 2_000;
      while (!this.hasEnded() && this.now() < deadline) await this.next(100).catch(noop);
    }
    if (!this.hasEnded()) this.socket.destroy();
  }

  private sayDone(): void {
    if (this.isDone || this.socket?.destroyed !== false) return;
    this.isDone = true;
    this.socket.write(Buffer.from([COPY_DONE, 0, 0, 0, 4]));
  }

  private hasEnded(): boolean {
    return this.isOver || this.failure !== undefined;
  }

  private take(connection: Connection, text: string): void {
    const { socket, driver } = takeSocket(connection, this.onData);
    this.socket = socket;
    this.driver = driver;
    socket.once('close', () => {
      this.end(this.failure ?? connectionLost());
    });
    (connection as unknown as { query(text: string): void }).query(text);
    this.report(true);
  }

  private readonly onData = (chunk: Buffer): void => {
    this.heardAt = this.now();
    let handedBack: Buffer | undefined;
    const rest = this.frames.read(chunk, (bytes, start, end) => {
      switch (bytes[start]) {
        case COPY_DATA: {
          const frame = frameOf(bytes, start + MESSAGE_HEADER, end);
          if (frame !== undefined) this.ready.push(frame);
          return true;
        }
        case COPY_DONE:
          // A keepalive may still follow it. A server that shuts down ends first, and waits for our end.
          this.sayDone();
          return true;
        case COMMAND_COMPLETE:
        case ERROR:
          handedBack = bytes.subarray(start, end);
          return false;
        default:
          return true;
      }
    });
    if (handedBack !== undefined) this.handBack(handedBack, rest ?? Buffer.alloc(0));
    if (this.ready.length === 0) return;
    if (this.driver !== undefined) {
      this.pausedAt ??= this.now();
      this.socket?.pause();
    }
    this.wake();
  };

  /** What is not the stream's is the driver's again: an error, or the end of the command. */
  private handBack(message: Buffer, rest: Buffer): void {
    const { socket, driver } = this;
    if (socket === undefined || driver === undefined) return;
    this.driver = undefined;
    socket.removeListener('data', this.onData);
    socket.on('data', driver);
    driver(Buffer.concat([message, rest]));
    socket.resume();
  }

  private resume(): void {
    if (this.pausedAt === undefined) return;
    this.pausedAt = undefined;
    this.heardAt = this.now();
    this.socket?.resume();
  }

  private tick(): void {
    const { pausedAt, reports } = this;
    const now = this.now();
    // While we are the ones who do not read, silence is no sign: the server is asked over another connection.
    const givenUp = pausedAt === undefined ? this.silenceAt(now) : reports.stall.check(pausedAt, now);
    if (givenUp === undefined) {
      this.report(pausedAt === undefined);
      return;
    }
    this.givenUp = givenUp.failure;
    this.end(givenUp.failure);
    this.socket?.destroy();
    if (givenUp.isSilent) reports.onSilence();
  }

  private silenceAt(now: number): GivenUp | undefined {
    const quiet = now - this.heardAt;
    if (quiet <= this.reports.silence) return undefined;
    return { failure: silent(Math.round(quiet / 1_000)), isSilent: true };
  }

  private end(error: Error | undefined): void {
    clearInterval(this.timer);
    this.failure ??= error;
    this.isOver = true;
    this.wake();
  }
}

function frameOf(bytes: Buffer, at: number, end: number): Frame | undefined {
  if (bytes[at] === XLOG_DATA) return { kind: 'change', bytes, start: at + HEADER, end };
  if (bytes[at] === KEEPALIVE) {
    return { kind: 'keepalive', lsn: bytes.readBigUInt64BE(at + 1), wantsAnswer: bytes[at + 17] === 1 };
  }
  return undefined;
}

function connectionLost(): Failure {
  return Failure.transient('The replication connection to the server was lost.');
}

function noop(): void {
  // nothing to do
}
