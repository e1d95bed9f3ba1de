import type { StreamDescriptor } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { resolveColumnType, laterLsn, streamName, type TypeRow, type Lsn } from '@ewallet/postgres';
import type { CaptureFields } from '../config/capture-config';
import { ChangeMembers } from './capture-fields';
import type { CapturedStream } from './captured-stream';
import { ChangeEncoder, newScratch, type FindValues } from './change-encoder';
import { decodeControl, Tag, type Relation } from './pgoutput';
import { frameLsn, type Frame } from './replication';

/** What a message needs that only the database knows; it is given again once that is there. */
export type Needed =
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'unchanged'; readonly encoder: RelationEncoder; readonly key: readonly string[] };

export interface RelationEncoder {
  readonly relation: Relation;
  readonly stream: CapturedStream;
  readonly changes: ChangeEncoder;
}

export interface ChangeReaderOptions {
  readonly fields: CaptureFields;
  readonly onTruncate: 'fail' | 'ignore';
  readonly unchangedValues: 'reread' | 'require_full';
  /** Values that were asked for of a row of a relation; undefined where they were not. */
  readonly find: (relation: number, key: readonly string[]) => ReturnType<FindValues>;
}

/**
 * The stream of changes as a state machine: messages go in one after another, RECORD lines come out. It knows no clock, no
 * socket and no database.
 */
export class ChangeReader {
  /** Everything that commits before it was read. */
  position: Lsn;
  isInTransaction = false;
  /** When the first transaction since the last call of {@link takeCount} committed, in microseconds since 2000. */
  oldestCommit: bigint | undefined;
  /** Records written since the last call of {@link takeCount}. */
  private count = 0;
  /** Names of streams whose truncation was passed over since the last look. */
  readonly truncated: string[] = [];
  private readonly relations = new Map<number, RelationEncoder | undefined>();
  private readonly members: ChangeMembers;
  private readonly scratch = newScratch();

  constructor(
    position: Lsn,
    private readonly streams: readonly CapturedStream[],
    private readonly options: ChangeReaderOptions,
  ) {
    this.position = position;
    this.members = new ChangeMembers(options.fields);
  }

  /**
   * @param now milliseconds since the epoch, for the records
   * @returns what has to be found out before the message can be taken; undefined where it was
   */
  take(frame: Frame, now: number): Needed | undefined {
    if (frame.kind === 'keepalive') {
      // Between transactions all that committed before it has been sent; inside one, the rest of that one has not.
      if (!this.isInTransaction) this.position = laterLsn(this.position, frame.lsn);
      return undefined;
    }
    const { bytes, start } = frame;
    switch (bytes[start]) {
      case Tag.insert:
      case Tag.update:
      case Tag.delete:
        return this.change(frame, now);
      default:
        return this.control(frame);
    }
  }

  /** Tells what a relation is: a stream's, with its columns, or nobody's. */
  define(relation: Relation, stream: CapturedStream | undefined, types: ReadonlyMap<number, TypeRow>): void {
    const before = this.relations.get(relation.oid);
    if (before !== undefined) this.retired.push(...before.changes.flush());
    if (stream === undefined) {
      this.relations.set(relation.oid, undefined);
      return;
    }
    const columns = relation.columns
      .filter(({ name }) => stream.takes(name))
      .map(({ name, typeOid, modifier }) => ({ name, type: resolveColumnType(typeOid, modifier, 0, types) }));
    const { name, schema: namespace } = stream.captured.table;
    const changes = new ChangeEncoder(
      relation,
      { name, namespace },
      {
        columns,
        key: stream.key,
        members: this.members,
        scratch: this.scratch,
      },
    );
    this.relations.set(relation.oid, { relation, stream, changes });
  }

  /** Whether a type's oid is one that `types` has to have for {@link define}. */
  static lacksTypes(relation: Relation, types: ReadonlyMap<number, TypeRow>): boolean {
    return relation.columns.some(({ typeOid }) => !types.has(typeOid));
  }

  takeFull(): readonly Uint8Array[] {
    return this.lines((changes) => changes.takeFull());
  }

  flush(): readonly Uint8Array[] {
    return this.lines((changes) => changes.flush());
  }

  takeCount(): number {
    const { count } = this;
    this.count = 0;
    this.oldestCommit = undefined;
    return count;
  }

  get recordCount(): number {
    return this.count;
  }

  private readonly retired: Uint8Array[] = [];

  private lines(of: (changes: ChangeEncoder) => readonly Uint8Array[]): readonly Uint8Array[] {
    const lines = this.retired.splice(0);
    for (const relation of this.relations.values()) if (relation !== undefined) lines.push(...of(relation.changes));
    return lines;
  }

  private change(frame: Frame & { readonly kind: 'change' }, now: number): Needed | undefined {
    const { bytes, start } = frame;
    const oid = bytes.readUInt32BE(start + 1);
    const found = this.relations.get(oid);
    if (found === undefined || found.stream.isSeen) return undefined;
    const place = frameLsn(frame);
    const { changes } = found;
    switch (bytes[start]) {
      case Tag.insert:
        this.count += changes.insert(bytes, start, place, now);
        return undefined;
      case Tag.delete:
        this.count += changes.delete(bytes, start, place, now);
        return undefined;
      default: {
        const encoded = changes.update(bytes, start, place, { now, find: (key) => this.options.find(oid, key) });
        if (encoded.kind === 'records') {
          this.count += encoded.count;
          return undefined;
        }
        if (this.options.unchangedValues === 'require_full') throw unchangedLeftOut(found);
        return { kind: 'unchanged', encoder: found, key: encoded.key };
      }
    }
  }

  private control(frame: Frame & { readonly kind: 'change' }): Needed | undefined {
    const message = decodeControl(frame.bytes, frame.start);
    switch (message.kind) {
      case 'begin':
        this.isInTransaction = true;
        this.oldestCommit ??= message.time;
        this.members.begin(message);
        for (const stream of this.streams) {
          stream.isSeen = stream.saw?.(message.xid, message.commit) ?? false;
        }
        return undefined;
      case 'commit':
        this.isInTransaction = false;
        this.position = laterLsn(this.position, message.end);
        return undefined;
      case 'relation':
        return { kind: 'relation', relation: message.relation };
      case 'truncate':
        for (const oid of message.relations) this.truncate(oid);
        return undefined;
      case 'other':
        return undefined;
    }
  }

  private truncate(oid: number): void {
    const found = this.relations.get(oid);
    if (found === undefined || found.stream.isSeen) return;
    const name = streamName(found.stream.captured.table);
    if (this.options.onTruncate === 'ignore') {
      this.truncated.push(name);
      return;
    }
    const table = streamName({ schema: found.relation.schema, name: found.relation.name });
    throw truncated(table, name, found.stream.configured.descriptor);
  }
}

export function truncated(table: string, stream: string, descriptor: StreamDescriptor): Failure {
  return Failure.config(
    `Table ${table} was truncated, which gives no deletion for its rows: refresh stream ${stream} and remove its data, ` +
      'or set replication_method.on_truncate to ignore to keep the rows in the destination.',
    { stream: descriptor },
  );
}

function unchangedLeftOut({ stream }: RelationEncoder): Failure {
  const name = streamName(stream.captured.table);
  return Failure.config(
    `An UPDATE of ${name} left a value unchanged that is stored out of line, and unchanged_values is require_full: ` +
      `ALTER TABLE ${name} REPLICA IDENTITY FULL; then refresh the stream.`,
    { stream: stream.configured.descriptor },
  );
}
