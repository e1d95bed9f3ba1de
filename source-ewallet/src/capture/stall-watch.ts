import { Failure } from '@ewallet/failure';

/** What a connection of its own found out about the server while changes wait for the destination. */
export type SenderLook =
  /** The server's process that sends changes is there and waits for us to read, as it should. */
  | { readonly kind: 'sending' }
  /** It has ended the stream, or tries to: its last words cannot reach us while we do not read. */
  | { readonly kind: 'ending'; readonly isLogRemoved: boolean }
  /** The server takes no connections: it shuts down, or is gone. */
  | { readonly kind: 'closing'; readonly why: Failure }
  /** It answered, with nothing about the sender: too many connections, say. */
  | { readonly kind: 'unknown' }
  /** Nothing came back at all. */
  | { readonly kind: 'silent' };

export interface StallWatchOptions {
  readonly slot: string;
  readonly look: () => Promise<SenderLook>;
  /** Milliseconds without an answer after which the server counts as frozen. */
  readonly silence: number;
}

/** Milliseconds from a stall's begin to the first look, and between two. */
const BETWEEN_LOOKS = 10_000;

/** Why a stalled stream is given up; `isSilent`: nothing else that the server was asked is answered either. */
export interface GivenUp {
  readonly failure: Failure;
  readonly isSilent: boolean;
}

/**
 * Looks after the server while changes wait for a destination that takes none. A server that wants to end the stream then
 * (to remove the slot's log at a checkpoint, to shut down) says so on a connection that nobody reads, and waits until it is
 * read: the e-wallet's checkpoints wait with it, without end (PostgreSQL 14 to 18).
 */
export class StallWatch {
  private stalledAt = 0;
  /** When the last look began. */
  private lookedAt = 0;
  /** When the first of the looks began that got no answer. */
  private unansweredSince: number | undefined;
  private found: SenderLook | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly options: StallWatchOptions) {}

  /** @returns why the stream has to be given up, where it does */
  check(stalledAt: number, now: number): GivenUp | undefined {
    if (stalledAt !== this.stalledAt) this.begin(stalledAt);
    const { found, options } = this;
    const seconds = Math.round((now - stalledAt) / 1_000);
    if (found?.kind === 'ending') return { failure: ended(options.slot, found.isLogRemoved), isSilent: false };
    if (found?.kind === 'closing') return { failure: found.why, isSilent: false };
    if (this.unansweredSince !== undefined && now - this.unansweredSince > options.silence) {
      return { failure: silent(seconds), isSilent: true };
    }
    if (this.running === undefined && now - Math.max(stalledAt, this.lookedAt) >= BETWEEN_LOOKS) {
      this.running = this.lookOnce(stalledAt, now);
    }
    return undefined;
  }

  /** Resolves once no look is under way. */
  async end(): Promise<void> {
    await this.running;
  }

  private begin(stalledAt: number): void {
    this.stalledAt = stalledAt;
    this.unansweredSince = undefined;
    this.found = undefined;
  }

  private async lookOnce(stalledAt: number, now: number): Promise<void> {
    this.unansweredSince ??= now;
    const found = await this.options.look();
    this.running = undefined;
    this.lookedAt = now;
    // What was found of a stall that is over says nothing about the next.
    if (stalledAt !== this.stalledAt) return;
    if (found.kind !== 'silent') this.unansweredSince = undefined;
    this.found = found;
  }
}

function ended(slot: string, isLogRemoved: boolean): Failure {
  return Failure.transient(
    isLogRemoved
      ? `The server ended the replication connection, as slot ${slot} is further behind than max_slot_wal_keep_size allows: ` +
          'the destination has taken nothing for a while. Look at why it stalls, and raise the setting to what the disk can spare.'
      : `The server ended the replication connection of slot ${slot} while the destination took nothing: look at why it stalls.`,
  );
}

export function silent(seconds: number): Failure {
  return Failure.transient(`The server has been silent on the replication connection for ${seconds} s.`);
}
