import {
  analyticsMessage,
  globalStateMessage,
  SerialisedLines,
  streamStatusMessage,
  AirbyteMessageType,
  type AirbyteMessage,
  type ConfiguredCatalog,
  type ConfiguredStream,
  type ConnectorContext,
  type InputState,
  type JsonObject,
  type StreamStateMessage,
} from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { lineBuffers } from '../copy/line-buffers';
import { readTable } from '../read/read-table';
import { openCaptureSession, openReplication, type Session } from '../server/session';
import type { ServerIdentity } from '../position/snapshot';
import type { SourceConfig } from '../config/source-config';
import { parseStreamState, type StreamState } from '../position/stream-state';
import { Stopped } from '../read/stream-reader';
import { queryTables } from '../tables/table-query';
import type { Table } from '../tables/table';
import type { CaptureConfig } from '../config/capture-config';
import { Acknowledgements } from './acknowledgements';
import { copiedMembers } from './capture-fields';
import { startCapture, type CaptureStart } from './capture-start';
import { formatCaptured, formatPosition, parseCaptureState, streamKey } from './capture-state';
import { capturedStream, stateAt, type CapturedStream } from './captured-stream';
import { CatalogueChanged } from './catalogue-change';
import { readChanges, type Ending } from './change-stream';
import { copyStream, type CopyStep } from './first-copy';
import { Following } from './following';
import { streamName, type Lsn } from '@ewallet/postgres';
import { queryCapturedTables, requirePublication, whyNotCaptured, type Publication } from './publication';
import { takeRecoveryPoint, type RecoveryPoint } from './recovery-point';
import { awaitRunningTransactions, settledPlace, type SettledPlace } from './running-transactions';
import { lookAtSender } from './sender-look';
import { steadyNow } from './steady-clock';
import { queryCaptureServer, queryFlushedPast, type CaptureServer } from './server-place';
import { queryUnread, stateBefore } from './stream-start';
import { UnloggedRows, type AlteredStream } from './unlogged-rows';

export interface CaptureReading {
  readonly config: SourceConfig;
  readonly capture: CaptureConfig;
  readonly catalog: ConfiguredCatalog;
  readonly state: InputState;
  readonly context: ConnectorContext;
  /** States that are safe, where the reading continues until it is stopped; undefined where it ends. */
  readonly acknowledged: AsyncIterable<InputState> | undefined;
}

/**
 * One sync by change data capture: tables that were never copied are, then the changes of all are streamed up to where the
 * server stood. Every state is a GLOBAL one, as all tables share one order of changes.
 */
export async function* readCapture(reading: CaptureReading): AsyncGenerator<AirbyteMessage> {
  const opening = openReplication(reading.config);
  // Its failure is that of the session too, most often, and is asked for below.
  opening.catch(() => undefined);
  const session = await openCaptureSession(reading.config).catch(async (error: unknown) => {
    await (await opening.catch(() => undefined))?.close();
    throw error;
  });
  const replication = await opening.catch(async (error: unknown) => {
    await session.close();
    throw error;
  });
  try {
    const run = await CaptureRun.begin(reading, session, replication);
    yield* run.messages();
  } finally {
    await replication.close();
    await session.close();
  }
}

/** Milliseconds between two ways back of a reading that does not end: what changed since would be read again. */
const BETWEEN_RECOVERY_POINTS = 600_000;

/** Milliseconds that a sync waits for a commit of somebody else. */
const FLUSH_OF_OTHERS = 250;

type CaptureSession = Session & { readonly server: ServerIdentity };

/** Streams to copy from, once the stream of changes is past `passed`. */
interface Altered extends SettledPlace {
  readonly streams: readonly AlteredStream[];
}

/** What is known when a capture begins. */
interface CaptureBegun {
  readonly replication: Pick<Session, 'client' | 'close'>;
  readonly server: CaptureServer;
  readonly publication: Publication;
  readonly start: CaptureStart;
  readonly tables: readonly Table[];
  readonly streams: readonly CapturedStream[];
}

class CaptureRun {
  private readonly streams: readonly CapturedStream[];
  private position: Lsn;
  private readonly fullRefresh = new Map<string, { readonly stream: ConfiguredStream; state: JsonObject }>();
  private recovery: RecoveryPoint | undefined;
  /** What is to be copied yet. */
  private altered: Altered | undefined;
  private readonly unlogged: UnloggedRows;

  private constructor(
    private readonly reading: CaptureReading,
    private readonly session: CaptureSession,
    private readonly begun: CaptureBegun,
  ) {
    this.streams = begun.streams;
    this.position = begun.start.from;
    const { capture, config, context } = reading;
    this.unlogged = new UnloggedRows({ session, config, tables: begun.tables, context }, capture.onTruncate);
  }

  static async begin(
    reading: CaptureReading,
    session: CaptureSession,
    replication: Pick<Session, 'client' | 'close'>,
  ): Promise<CaptureRun> {
    const { capture, catalog, config } = reading;
    const saved = parseCaptureState(reading.state);
    const server = await queryCaptureServer(session.client);
    const publication = await requirePublication(session.client, capture.publication, config.connection.database);
    // Before the catalogue is read, so that no column comes between it and the changes.
    const start = await startCapture(session, replication.client, { server, config: capture, saved: saved.position });
    if (start.notice !== undefined) await reading.context.log.warn(start.notice);
    const incremental = catalog.streams.filter(({ syncMode }) => syncMode === 'incremental');
    const schemas = [...new Set(catalog.streams.map(({ descriptor }) => descriptor.namespace ?? 'public'))];
    const tables = await queryTables(session.client, schemas);
    const captured = await queryCapturedTables(session.client, tables, capture.publication);
    const streams = incremental.map((stream) => {
      const { name, namespace } = stream.descriptor;
      const found = captured.find(({ table }) => table.name === name && table.schema === namespace);
      const shown = streamName({ schema: namespace ?? 'public', name });
      if (found === undefined) {
        throw Failure.config(
          `Table ${shown} is gone, or is no table: refresh the schema, or leave the stream out of the connection.`,
          { stream: stream.descriptor },
        );
      }
      const why = whyNotCaptured(found, publication);
      if (why !== undefined) throw Failure.config(`Table ${shown} ${why}`, { stream: stream.descriptor });
      return { stream, found };
    });
    const started: CapturedStream[] = [];
    for (const { stream, found } of streams) {
      const unread = await queryUnread(session.client, stream, { captured: found, saved, start });
      started.push(capturedStream(stream, found, stateBefore(stream, found, { saved, start, unread }), unread));
    }
    return new CaptureRun(reading, session, {
      replication,
      server,
      publication,
      start,
      tables,
      streams: started,
    });
  }

  async *messages(): AsyncGenerator<AirbyteMessage> {
    for (const { configured } of this.streams) yield streamStatusMessage(configured.descriptor, 'STARTED', Date.now());
    try {
      yield* this.fullRefreshes();
      yield* this.copies();
      yield* this.attached();
      yield* this.changes();
    } catch (error) {
      for (const { configured } of this.streams) {
        yield streamStatusMessage(configured.descriptor, 'INCOMPLETE', Date.now());
      }
      if (error instanceof CatalogueChanged) await this.reading.context.log.info(error.message);
      if (error instanceof Stopped || error instanceof CatalogueChanged) return;
      throw error;
    }
    const status = this.reading.context.signal.aborted ? 'INCOMPLETE' : 'COMPLETE';
    for (const { configured } of this.streams) yield streamStatusMessage(configured.descriptor, status, Date.now());
  }

  /** Streams that are read whole each time, as by the other methods; their states become part of the GLOBAL one. */
  private async *fullRefreshes(): AsyncGenerator<AirbyteMessage> {
    const { catalog, config, context, state } = this.reading;
    for (const stream of catalog.streams.filter(({ syncMode }) => syncMode === 'full_refresh')) {
      if (context.signal.aborted) throw new Stopped();
      const before = state.streams.find(({ descriptor }) => streamKey(descriptor) === streamKey(stream.descriptor));
      const saved = before === undefined || before.state.method === 'CDC' ? undefined : fullRefreshState(before.state);
      const { session, begun } = this;
      const { tables } = begun;
      for await (const message of readTable({ session, config, tables, context }, stream, saved)) {
        if (message.type !== AirbyteMessageType.STATE) {
          yield message;
          continue;
        }
        const { state: written } = message as StreamStateMessage;
        this.fullRefresh.set(streamKey(stream.descriptor), { stream, state: written.stream.stream_state });
        yield this.state(written.sourceStats?.recordCount ?? 0);
      }
    }
  }

  private async *copies(): AsyncGenerator<AirbyteMessage> {
    const waiting = this.streams.filter(({ state }) => state.phase === 'copy');
    if (waiting.length === 0) return;
    const { config, context } = this.reading;
    const { session, begun } = this;
    const { tables } = begun;
    await awaitRunningTransactions(session.client, context.signal, (text) => context.log.info(text));
    const reading = { session, config, tables, context, more: await this.copiedMembers() };
    for (const stream of waiting) {
      if (context.signal.aborted) throw new Stopped();
      yield* this.copied(copyStream(reading, stream));
    }
  }

  /** Rows of attached partitions, for which the log has no change. */
  private async *attached(): AsyncGenerator<AirbyteMessage> {
    for (const stream of this.streams.filter(({ state }) => state.phase === 'stream')) {
      if (this.reading.context.signal.aborted) throw new Stopped();
      yield* this.copied(this.unlogged.attached(stream, () => this.copiedMembers()));
    }
  }

  /** Streams whose rows have values that no change brings, as their columns were altered. */
  private async alteredStreams(): Promise<Altered | undefined> {
    const streams: AlteredStream[] = [];
    for (const stream of this.streams.filter(({ state }) => state.phase === 'stream')) {
      const found = await this.unlogged.alteredStream(stream);
      if (found !== undefined) streams.push(found);
    }
    if (streams.length === 0) return undefined;
    const { signal, log } = this.reading.context;
    return { streams, ...(await settledPlace(this.session.client, signal, (text) => log.info(text))) };
  }

  private async *copyAltered({ streams, place }: Altered): AsyncGenerator<AirbyteMessage> {
    const more = await this.copiedMembers(place);
    for (const stream of streams) {
      if (this.reading.context.signal.aborted) throw new Stopped();
      yield* this.copied(this.unlogged.altered(stream, more));
    }
    this.altered = undefined;
    yield this.state(0);
  }

  private async *copied(steps: AsyncIterable<CopyStep>): AsyncGenerator<AirbyteMessage> {
    for await (const step of steps) yield step.kind === 'message' ? step.message : this.state(step.records);
  }

  /** @param place that a destination which goes by it finds the records at; by default that of a first copy */
  private async copiedMembers(place?: Lsn): Promise<Uint8Array> {
    const { session, begun } = this;
    const { start } = begun;
    const { rows } = await session.client.query<{ at: string }>(
      `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    );
    // Not the log's end: a transaction that began before the copy and ends after it has changes at earlier places, and a
    // destination that goes by the place would keep the older copy.
    return copiedMembers(this.reading.capture.fields, place ?? start.slot.restart ?? start.from, rows[0]?.at ?? '');
  }

  private async *changes(): AsyncGenerator<AirbyteMessage> {
    const { config, context, capture } = this.reading;
    const { client } = this.session;
    this.recovery = await takeRecoveryPoint(client, this.session.server, this.streams, this.unlogged.partitions);
    let recoveryAt = steadyNow();
    this.altered = await this.alteredStreams();
    const ending = await this.ending();
    const steps = readChanges({
      client,
      replication: this.begun.replication.client,
      lookAtSender: () => lookAtSender(config, capture.slot),
      server: this.begun.server,
      capture,
      streams: this.streams,
      viaRoot: this.begun.publication.viaRoot,
      from: this.begun.start.from,
      ending,
      context,
      checkpointRows: config.checkpointRows,
      checkpointMilliseconds: config.checkpointSeconds * 1000,
      now: steadyNow,
    });
    for await (const step of steps) {
      switch (step.kind) {
        case 'records':
          yield SerialisedLines.records(step.lines, () => {
            lineBuffers.giveBack(step.lines);
          });
          break;
        case 'state':
          this.position = step.position;
          yield this.state(step.records);
          if (this.altered !== undefined && step.position >= this.altered.passed) yield* this.copyAltered(this.altered);
          break;
        case 'lag':
          yield analyticsMessage('ewallet_cdc_lag', JSON.stringify(step.lag), Date.now());
          if (steadyNow() - recoveryAt >= BETWEEN_RECOVERY_POINTS) {
            recoveryAt = steadyNow();
            this.recovery = await takeRecoveryPoint(
              client,
              this.session.server,
              this.streams,
              this.unlogged.partitions,
            );
          }
          // The way back is taken first: this looks at what its snapshot has seen.
          if (this.altered === undefined) await this.unlogged.watch(this.streams);
          break;
      }
    }
  }

  private async ending(): Promise<Ending> {
    const { client } = this.session;
    const { acknowledged, capture } = this.reading;
    if (acknowledged === undefined) {
      // Past the way back's place, so that this sync's last state takes it: where others write, that place is a little ahead
      // of what is on disk.
      const target = await queryFlushedPast(client, this.recovery?.place ?? this.position, FLUSH_OF_OTHERS);
      return { kind: 'at', target };
    }
    const unknown = this.streams.find((stream) => stream.captured.columns.some(({ name }) => stream.isUnknown(name)));
    if (unknown !== undefined) throw CatalogueChanged.columns(unknown);
    return {
      kind: 'follow',
      following: new Following(new Acknowledgements(this.begun.start.from), acknowledged, steadyNow()),
      columnsOf: async ({ captured }) => {
        const tables = await queryTables(client, [captured.table.schema]);
        const found = await queryCapturedTables(client, tables, capture.publication);
        // A table that is gone has no other columns: its last changes are read with those that they have.
        return (found.find(({ table }) => table.oid === captured.table.oid) ?? captured).columns;
      },
    };
  }

  private state(records: number): AirbyteMessage {
    const { recovery, position } = this;
    // Its snapshot has seen rows that are to be copied yet.
    if (recovery !== undefined && position >= recovery.place && this.altered === undefined) {
      for (const stream of this.streams) recovery.apply(stream);
      this.recovery = undefined;
    }
    const captured = this.streams.map((stream) => ({
      descriptor: stream.configured.descriptor,
      state: formatCaptured(stateAt(stream, position)),
    }));
    const refreshed = [...this.fullRefresh.values()].map(({ stream, state }) => ({
      descriptor: stream.descriptor,
      state,
    }));
    const { system, timeline } = this.session.server;
    const shared = formatPosition({ slot: this.begun.start.slot.name, system, timeline, lsn: position });
    return globalStateMessage(shared, [...captured, ...refreshed], records);
  }
}

function fullRefreshState(state: JsonObject): StreamState | undefined {
  return Object.keys(state).length === 0 ? undefined : parseStreamState(state, 'of a full refresh');
}
