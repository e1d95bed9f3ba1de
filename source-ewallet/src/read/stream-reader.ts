import type { Client } from 'pg';
import {
  estimateMessage,
  SerialisedLines,
  streamStateMessage,
  streamStatusMessage,
  type AirbyteMessage,
  type ConfiguredStream,
  type ConnectorContext,
} from '@ewallet/airbyte';
import { quoteQualified, type Lsn } from '@ewallet/postgres';
import { goneMembers, KeyReader } from './asked-keys';
import { copyOut } from '../copy/copy-out';
import { queryHighestCursor } from './cursor-column';
import type { HeapTable } from '../tables/heap-table';
import { lineBuffers } from '../copy/line-buffers';
import { recordEncoder } from '../copy/record-encoder';
import { MOST_PLACES, readingSteps, rowCount, rowsAtPlaces, type LookedAt } from './reading-steps';
import { selectList } from './select-list';
import { SEEN_CAP, type ServerIdentity, type Snapshot } from '../position/snapshot';
import type { SourceConfig } from '../config/source-config';
import type { StreamPlan } from './stream-plan';
import { formatStreamState, type StreamState } from '../position/stream-state';
import { scanVersions, type SnapshotBounds } from './version-scan';
import { rulesAfterEnd, rulesAfterStop, rulesForTable, type Rule } from '../position/resume-rules';
import { queryWitnesses } from './witness';
import { rangesOf } from '../position/xid-ranges';

export interface StreamReading {
  readonly client: Client;
  readonly server: ServerIdentity;
  /** What the transaction's snapshot sees. */
  readonly bounds: SnapshotBounds;
  /** Where the table's row versions lie; undefined where they cannot be told apart. */
  readonly heaps: readonly HeapTable[] | undefined;
  /** The end of its write-ahead log, behind all that the snapshot sees. */
  readonly lsn: Lsn | undefined;
  readonly config: SourceConfig;
  readonly context: ConnectorContext;
  readonly now: () => number;
  /** Members that every record has behind its columns, as JSON with a comma before each. */
  readonly more?: Uint8Array;
}

/** Thrown into the reading of a stream that was asked to stop; its last state stands. */
export class Stopped extends Error {}

/** Reads one stream in one repeatable-read transaction, which the caller begins and ends. */
export async function* readStream(
  reading: StreamReading,
  stream: ConfiguredStream,
  plan: StreamPlan,
): AsyncGenerator<AirbyteMessage> {
  yield streamStatusMessage(stream.descriptor, 'STARTED', reading.now());
  const run = new StreamRun(reading, stream, plan);
  yield* run.messages();
  yield streamStatusMessage(stream.descriptor, 'COMPLETE', reading.now());
}

class StreamRun {
  private sinceState = 0;
  private isRunning = false;

  constructor(
    private readonly reading: StreamReading,
    private readonly stream: ConfiguredStream,
    private readonly plan: StreamPlan,
  ) {}

  async *messages(): AsyncGenerator<AirbyteMessage> {
    const { bounds, heaps } = this.reading;
    yield* this.deletions();
    if (heaps === undefined) yield* this.wholeTable();
    else yield* this.rowVersions(bounds, heaps);
  }

  /** In the snapshot that is read, so that a row is either here or among those that come. */
  private async *deletions(): AsyncGenerator<AirbyteMessage> {
    const { plan, reading, stream } = this;
    if (stream.askedKeys?.mode !== 'deleted') return;
    const keys = await KeyReader.open(reading.client, plan.table, {
      stream: stream.descriptor,
      asked: stream.askedKeys,
      now: reading.now,
    });
    yield* this.running(keys.gone(goneMembers(new Date(reading.now()))));
  }

  /** Views, foreign tables and what can only be read through its parent: one statement, one state at its end. */
  private async *wholeTable(): AsyncGenerator<AirbyteMessage> {
    const { table, condition } = this.plan;
    yield this.estimate(table.estimate.rows);
    yield* this.copy(quoteQualified(table.schema, table.name), [condition]);
    yield await this.finalState([], undefined);
  }

  private async *rowVersions(bounds: SnapshotBounds, heaps: readonly HeapTable[]): AsyncGenerator<AirbyteMessage> {
    const { plan, reading } = this;
    const looked: LookedAt[] = [];
    const placesCap = Math.min(reading.config.checkpointRows, MOST_PLACES);
    for (const heap of heaps) {
      const rules = rulesForTable(plan.rules, heap.oid, heap.file);
      const scan = await scanVersions(reading.client, heap, { rules, bounds, where: plan.condition, placesCap });
      looked.push({ heap, rules, ...scan });
    }
    const current: Snapshot = {
      server: reading.server,
      lsn: reading.lsn,
      ...bounds,
      seen: rangesOf(looked.flatMap(({ seen }) => seen)).slice(0, SEEN_CAP),
      files: new Map(heaps.map((heap) => [heap.oid, heap.file])),
      ...(await queryWitnesses(reading.client, looked, {
        columns: plan.table.columns,
        next: bounds.next,
        before: plan.rules.at(-1)?.since,
      })),
    };
    const work = looked.filter(({ wanted }) => wanted.kind === 'blocks' || wanted.rows.length > 0);
    yield this.estimate(work.reduce((sum, { heap, wanted }) => sum + rowCount(wanted, heap), 0));
    for (const [index, { heap, rules, wanted }] of work.entries()) {
      const steps = readingSteps(heap, rules, { wanted, next: bounds.next, config: reading.config });
      for (let step = steps.next(); !step.done;) {
        const { conditions, end, isLast } = step.value;
        const started = reading.now();
        const before = this.sinceState;
        yield* this.copy(`only ${heap.sql}`, [...conditions, plan.condition]);
        const rows = this.sinceState - before;
        if (isLast && index === work.length - 1) break; // the final state follows at once
        if (this.sinceState > 0 || reading.context.signal.aborted) {
          yield this.stateAt(rulesAfterStop(plan.rules, current, { table: heap.oid, block: end }));
        }
        if (reading.context.signal.aborted) throw new Stopped();
        step = steps.next({ rows, milliseconds: reading.now() - started });
      }
    }
    yield await this.finalState(rulesAfterEnd(current), looked);
  }

  private async *copy(from: string, conditions: readonly (string | undefined)[]): AsyncGenerator<AirbyteMessage> {
    const { plan, reading } = this;
    const where = conditions.filter((condition) => condition !== undefined).join(' and ');
    const sql = `copy (select ${selectList(plan.columns)} from ${from}${where === '' ? '' : ` where ${where}`}) to stdout`;
    const encoder = recordEncoder(this.stream.descriptor, plan.columns);
    if (reading.more !== undefined) encoder.more = reading.more;
    yield* this.running(copyOut(reading.client, sql, encoder, reading.now));
  }

  /** Passes lines on, and counts them for the next state. */
  private async *running(lines: AsyncGenerator<Uint8Array, number>): AsyncGenerator<AirbyteMessage> {
    const { reading } = this;
    let abortedAt: number | undefined;
    for (let part = await lines.next(); ; part = await lines.next()) {
      if (part.done === true) {
        this.sinceState += part.value;
        return;
      }
      if (!this.isRunning) {
        this.isRunning = true;
        yield streamStatusMessage(this.stream.descriptor, 'RUNNING', reading.now());
      }
      const { value } = part;
      yield SerialisedLines.records(value, () => {
        lineBuffers.giveBack(value);
      });
      // A stop waits for the step's end, where its state is; but the platform kills after a minute.
      if (reading.context.signal.aborted) {
        abortedAt ??= reading.now();
        if (reading.now() - abortedAt > 10_000) {
          await lines.return(0);
          throw new Stopped();
        }
      }
    }
  }

  private estimate(rows: number): AirbyteMessage {
    const { estimate } = this.plan.table;
    const width = estimate.rows === 0 ? 0 : estimate.bytes / estimate.rows;
    const whole = Math.round(rows);
    return estimateMessage(
      this.stream.descriptor,
      { rows: whole, bytes: Math.round(whole * width) },
      this.reading.now(),
    );
  }

  private stateAt(rules: readonly Rule[]): AirbyteMessage {
    const { plan } = this;
    // A sync that goes back to the cursor has no places to stop at: until its end the state before stands.
    return plan.condition === undefined
      ? this.state({ ...plan.state, isComplete: plan.state.mode === 'incremental', rules })
      : this.state(plan.stateBefore ?? plan.state);
  }

  private async finalState(rules: readonly Rule[], looked: readonly LookedAt[] | undefined): Promise<AirbyteMessage> {
    const { plan, reading } = this;
    const { cursor, state, table } = plan;
    if (cursor === undefined) return this.state({ ...state, isComplete: true, rules });
    let highest = state.cursor;
    if (highest !== undefined && !cursor.column.isIndexed && looked?.every(({ wanted }) => wanted.kind === 'places')) {
      // Without an index max() would look at the whole table again, and only the rows that were read can have raised it.
      for (const rows of rowsAtPlaces(looked, cursor.column)) {
        highest = (await queryHighestCursor(reading.client, rows, cursor, highest)) ?? highest;
      }
    } else {
      const rows = quoteQualified(table.schema, table.name);
      highest = (await queryHighestCursor(reading.client, rows, cursor)) ?? highest;
    }
    return this.state({ ...state, cursor: highest, isComplete: true, rules });
  }

  private state(state: StreamState): AirbyteMessage {
    const message = streamStateMessage(this.stream.descriptor, formatStreamState(state), this.sinceState);
    this.sinceState = 0;
    return message;
  }
}
