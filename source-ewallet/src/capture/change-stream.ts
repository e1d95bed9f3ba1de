import type { Client } from 'pg';
import type { ConnectorContext } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { queryTypes, type TypeRow, type Lsn } from '@ewallet/postgres';
import { Stopped } from '../read/stream-reader';
import type { CaptureConfig } from '../config/capture-config';
import type { Column } from '../tables/table';
import type { CapturedStream } from './captured-stream';
import { CatalogueChanged, hasOtherColumns, isSame } from './catalogue-change';
import { ChangeReader, type Needed } from './change-reader';
import { lag, type Following, type Lag, type Standing } from './following';
import { Tag, type Relation } from './pgoutput';
import { ReplicationStream, type Frame } from './replication';
import { queryFlushedAt, type CaptureServer } from './server-place';
import { querySlot, whyLost } from './slot';
import { StallWatch, type SenderLook } from './stall-watch';
import { UnchangedCache } from './unchanged-cache';

export interface ChangesReading {
  readonly client: Client;
  readonly replication: Client;
  /** Asks the server, over another connection, how it stands with the stream. */
  readonly lookAtSender: () => Promise<SenderLook>;
  readonly server: CaptureServer;
  readonly capture: CaptureConfig;
  readonly streams: readonly CapturedStream[];
  /** Whether changes of partitions come under the name of the partitioned table. */
  readonly viaRoot: boolean;
  /** What was acknowledged: the stream begins there, and the server may forget what lies before. */
  readonly from: Lsn;
  readonly ending: Ending;
  readonly context: ConnectorContext;
  readonly checkpointRows: number;
  readonly checkpointMilliseconds: number;
  readonly now: () => number;
}

/** When a reading ends, if it is not stopped. */
export type Ending =
  /** Once everything before it was read. */
  | { readonly kind: 'at'; readonly target: Lsn }
  /** When nobody keeps states any more, or the columns that `columnsOf` a stream's table gives are not the discovered ones. */
  | {
      readonly kind: 'follow';
      readonly following: Following;
      readonly columnsOf: (stream: CapturedStream) => Promise<readonly Column[]>;
    };

export type ChangeStep =
  | { readonly kind: 'lag'; readonly lag: Lag }
  | { readonly kind: 'records'; readonly lines: Uint8Array }
  /** Between two transactions. `records`: since the state before. */
  | { readonly kind: 'state'; readonly position: Lsn; readonly records: number };

/** Milliseconds to wait for messages before asking the server where it is. */
const IDLE = 50;
/** Milliseconds between two such questions while messages come. */
const ASK = 200;
/** The same where the reading does not end: the answer moves the position past changes of other tables. */
const ASK_FOLLOWING = 1_000;
/** How long a stop waits for the end of a transaction, as the platform kills after a minute. */
const GRACE = 10_000;
/** How long a slot may still be held by the connection of the sync before. */
const RELEASE = 10_000;

/** Streams changes from `from` on, states only between transactions. */
export async function* readChanges(reading: ChangesReading): AsyncGenerator<ChangeStep> {
  await awaitSlot(reading);
  const run = new ChangesRun(reading, await queryTypes(reading.client));
  yield* run.steps();
}

class ChangesRun {
  private readonly reader: ChangeReader;
  private readonly stream: ReplicationStream;
  private readonly unchanged: UnchangedCache;
  private lastState: number;
  private askedAt = 0;
  private isAnswerWanted = false;

  constructor(
    private readonly reading: ChangesReading,
    private types: ReadonlyMap<number, TypeRow>,
  ) {
    const { capture, client, from, replication, server, streams } = reading;
    this.unchanged = new UnchangedCache(client);
    this.reader = new ChangeReader(from, streams, {
      fields: capture.fields,
      onTruncate: capture.onTruncate,
      unchangedValues: capture.unchangedValues,
      find: (relation, key) => this.unchanged.find(relation, key),
    });
    const period = reportPeriod(server.walSenderTimeout);
    const silence = Math.max(60_000, 6 * period);
    this.stream = new ReplicationStream(replication, {
      standing: () => ({
        received: this.reader.position,
        acknowledged: this.following?.acknowledgements.position ?? from,
      }),
      period,
      silence,
      onSilence: () => client.connection.stream.destroy(),
      stall: new StallWatch({ slot: capture.slot, look: reading.lookAtSender, silence }),
    });
    this.lastState = reading.now();
  }

  async *steps(): AsyncGenerator<ChangeStep> {
    const { capture, context, ending, from, now } = this.reading;
    const { following, reader, stream } = this;
    let abortedAt: number | undefined;
    try {
      stream.start(capture.slot, capture.publication, from);
      following?.listen(() => {
        stream.report(false);
      });
      for (;;) {
        const frames = await stream.next(following?.wait(this.standing, now()) ?? IDLE);
        yield* this.read(frames);
        if (context.signal.aborted || following?.isAbandoned === true) abortedAt ??= now();
        const isAtEnd = abortedAt !== undefined || (ending.kind === 'at' && reader.position >= ending.target);
        if (!reader.isInTransaction && isAtEnd) break;
        if (abortedAt !== undefined && now() - abortedAt > GRACE) throw new Stopped();
        if (following !== undefined) yield* this.follow(following);
        this.ask(frames.length === 0);
      }
      yield* this.state();
    } catch (error) {
      throw stream.givenUp ?? (await this.firstCause(error));
    } finally {
      await stream.close();
    }
  }

  private get following(): Following | undefined {
    const { ending } = this.reading;
    return ending.kind === 'follow' ? ending.following : undefined;
  }

  private get standing(): Standing {
    const { lastState, isAnswerWanted } = this;
    const { position, recordCount: records } = this.reader;
    return { position, records, lastState, isAnswerWanted };
  }

  /** A slot that the server invalidated ends a stream in many ways: its last words are often lost with the connection. */
  private async firstCause(error: unknown): Promise<unknown> {
    if (error instanceof Stopped || error instanceof CatalogueChanged) return error;
    const { capture, client } = this.reading;
    const slot = await querySlot(client, capture.slot).catch(() => undefined);
    const why = slot === undefined ? undefined : whyLost(slot);
    return why === undefined ? error : Failure.transient(`Changes cannot be read any more: ${why}.`, { cause: error });
  }

  /** What is due whether messages come or not. */
  private async *follow(following: Following): AsyncGenerator<ChangeStep> {
    following.throwIfFailed();
    const now = this.reading.now();
    if (!this.reader.isInTransaction && this.isStateDue(now)) yield* this.state();
    if (!following.isLagDue(now)) return;
    const { flushed, clock } = await queryFlushedAt(this.reading.client);
    const { acknowledgements } = following;
    const oldest = acknowledgements.oldest ?? this.reader.oldestCommit;
    yield { kind: 'lag', lag: lag(flushed, acknowledgements.position, clock, oldest) };
  }

  private async *read(frames: readonly Frame[]): AsyncGenerator<ChangeStep> {
    const { reader } = this;
    const emittedAt = Date.now();
    const now = this.reading.now();
    for (const [index, frame] of frames.entries()) {
      for (let needed = reader.take(frame, emittedAt); needed !== undefined; needed = reader.take(frame, emittedAt)) {
        await this.provide(needed, frames, index);
        if (needed.kind === 'relation') break;
      }
      if (frame.kind === 'keepalive' && frame.wantsAnswer) {
        this.isAnswerWanted = true;
        this.stream.report(false);
      }
      if (!reader.isInTransaction && this.isStateDue(now)) yield* this.state();
    }
    this.unchanged.clear();
    for (const lines of reader.takeFull()) yield { kind: 'records', lines };
    for (const name of reader.truncated.splice(0)) {
      await this.reading.context.log.warn(`A TRUNCATE of ${name} was passed over: its rows stay in the destination.`);
    }
  }

  private *state(): Generator<ChangeStep> {
    const { reader } = this;
    for (const lines of reader.flush()) yield { kind: 'records', lines };
    this.lastState = this.reading.now();
    this.isAnswerWanted = false;
    const { oldestCommit } = reader;
    const records = reader.takeCount();
    this.following?.acknowledgements.gave(reader.position, records === 0 ? undefined : oldestCommit);
    yield { kind: 'state', position: reader.position, records };
  }

  private isStateDue(now: number): boolean {
    const { recordCount } = this.reader;
    const { checkpointMilliseconds, checkpointRows } = this.reading;
    const { following } = this;
    if (following !== undefined) return following.isStateDue(this.standing, checkpointRows, now);
    return recordCount >= checkpointRows || now - this.lastState >= checkpointMilliseconds;
  }

  /** Asks the server for its place: it is the only one who knows that nothing more comes. */
  private ask(isIdle: boolean): void {
    const now = this.reading.now();
    const isTooSoon = now - this.askedAt < (this.following === undefined ? ASK : ASK_FOLLOWING);
    if (isTooSoon && (!isIdle || this.following !== undefined)) return;
    this.askedAt = now;
    this.stream.report(true);
  }

  private async provide(needed: Needed, frames: readonly Frame[], index: number): Promise<void> {
    switch (needed.kind) {
      case 'relation': {
        const stream = await this.streamOf(needed.relation);
        if (stream !== undefined && ChangeReader.lacksTypes(needed.relation, this.types)) {
          this.types = await queryTypes(this.reading.client);
        }
        if (stream !== undefined) {
          await this.requireDiscovered(needed.relation, stream);
          rememberCarried(needed.relation, stream);
        }
        this.reader.define(needed.relation, stream, this.types);
        return;
      }
      case 'unchanged': {
        const { relation, stream, changes } = needed.encoder;
        const table = { oid: relation.oid, key: stream.key, columns: changes.columns.map(({ name }) => name) };
        await this.unchanged.load(table, [needed.key, ...this.keysAhead(needed, frames, index)]);
        return;
      }
    }
  }

  /** @throws CatalogueChanged where the table's columns are not the discovered ones any more, and somebody discovers again */
  private async requireDiscovered(relation: Relation, stream: CapturedStream): Promise<void> {
    const { ending } = this.reading;
    const { columns } = stream.captured;
    if (ending.kind !== 'follow' || !hasOtherColumns(relation, columns, this.types)) return;
    // What was changed and changed again since is as it was read: to end for it would be to end for it each time.
    if (!isSame(await ending.columnsOf(stream), columns)) throw CatalogueChanged.columns(stream);
  }

  /** Keys of later updates of the relation that are here already, so that one question serves them all. */
  private keysAhead(
    needed: Needed & { readonly kind: 'unchanged' },
    frames: readonly Frame[],
    index: number,
  ): readonly (readonly string[])[] {
    const { relation, changes } = needed.encoder;
    return frames.slice(index + 1).flatMap((frame) => {
      if (frame.kind !== 'change' || frame.bytes[frame.start] !== Tag.update) return [];
      if (frame.bytes.readUInt32BE(frame.start + 1) !== relation.oid) return [];
      const key = changes.unchangedKey(frame.bytes, frame.start);
      return key === undefined ? [] : [key];
    });
  }

  /**
   * A relation is a stream's by its name, or as a partition of the stream's table. Where partitions are published under the
   * root's name, one that comes under its own was none at that time: its rows are copied when it is attached.
   */
  private async streamOf(relation: Relation): Promise<CapturedStream | undefined> {
    const { client, streams, viaRoot } = this.reading;
    const named = streams.find(
      ({ captured: { table } }) => table.name === relation.name && table.schema === relation.schema,
    );
    if (named !== undefined || viaRoot) return named;
    const known = streams.find(({ captured }) => captured.leaves.some(({ oid }) => oid === relation.oid));
    if (known !== undefined) return known;
    const { rows } = await client.query<{ root: string | null }>(
      'select pg_partition_root($1::oid::regclass)::oid::int8 as root from pg_class where oid = $1',
      [relation.oid],
    );
    const root = Number(rows[0]?.root ?? 0);
    return streams.find(({ captured }) => captured.table.oid === root);
  }
}

/** Values of columns that the catalogue does not have yet come beside it: once it has them, those rows are read again. */
function rememberCarried({ columns }: Relation, stream: CapturedStream): void {
  const unknown = columns.map(({ name }) => name).filter((name) => stream.isUnknown(name));
  if (unknown.every((name) => stream.state.carried.includes(name))) return;
  stream.state = { ...stream.state, carried: [...new Set([...stream.state.carried, ...unknown])] };
}

/** The server gives up a client that is silent for wal_sender_timeout: three reports fall within it. */
function reportPeriod(walSenderTimeout: number): number {
  return walSenderTimeout === 0 ? 5_000 : Math.max(100, Math.min(5_000, walSenderTimeout / 3));
}

/** The connection of the sync before may take a moment to end; anything else that holds the slot is another reader. */
export async function awaitSlot({
  capture,
  client,
  now,
}: Pick<ChangesReading, 'capture' | 'client' | 'now'>): Promise<void> {
  const deadline = now() + RELEASE;
  for (;;) {
    const slot = await querySlot(client, capture.slot);
    if (slot?.activePid === undefined) return;
    if (now() > deadline) {
      throw Failure.transient(
        `Replication slot ${capture.slot} is in use by process ${slot.activePid} of the server: ` +
          'end that one, or give this connection a slot of its own.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
