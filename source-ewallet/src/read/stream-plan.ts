import { streamName } from '@ewallet/postgres';
import { Failure } from '@ewallet/failure';
import type { ConfiguredStream } from '@ewallet/airbyte';
import { chooseCursor, type CursorColumn } from './cursor-column';
import { cursorSince, cursorSinceOrNone, type CursorPosition } from './row-condition';
import { readColumns, unreadColumns } from '../position/read-columns';
import { doubtOf, trusted, whyTooOld, type Doubt, type ServerNow, type Snapshot } from '../position/snapshot';
import type { SourceConfig } from '../config/source-config';
import { cursorCandidates, whyNotIncremental } from '../tables/stream-catalog';
import type { StreamState } from '../position/stream-state';
import type { Column, Table } from '../tables/table';
import { everything, type Rule } from '../position/resume-rules';
import type { Proof } from './witness';

/** What to read of one stream. */
export interface StreamPlan {
  readonly table: Table;
  readonly columns: readonly Column[];
  readonly cursor: CursorColumn | undefined;
  readonly rules: readonly Rule[];
  /** A further condition on rows, by the cursor. */
  readonly condition: string | undefined;
  /** The state that this sync carries on; its rules are replaced as it goes. */
  readonly state: StreamState;
  readonly stateBefore: StreamState | undefined;
  /** What the user should know: that a position was lost, and what is done instead. */
  readonly notice: string | undefined;
}

export interface PlanInput extends ServerNow {
  readonly stream: ConfiguredStream;
  readonly table: Table;
  readonly columns: readonly Column[];
  readonly saved: StreamState | undefined;
  readonly config: SourceConfig;
  /** How far the server's history is known to be the state's; asked for where `snapshotInDoubt` is. */
  readonly proof: Proof | undefined;
  /** Columns whose values hold padding in some row; asked for where earlier versions gave it along. */
  readonly padded: readonly string[];
  /** Whether the saved cursor lies beyond the server's clock, which has been set back since. */
  readonly isCursorAhead: boolean;
}

/** The snapshot of a saved state that has to be proved before it is used. */
export function snapshotInDoubt(saved: StreamState | undefined, now: ServerNow): Snapshot | undefined {
  const latest = saved?.rules.at(-1)?.since;
  return latest !== undefined && doubtOf(latest, now)?.isProvable === true ? latest : undefined;
}

/** Decides from the catalogue, the saved state and the server's identity what a stream's sync reads. */
export function planStream(input: PlanInput): StreamPlan {
  return input.stream.syncMode === 'full_refresh' ? planFullRefresh(input) : planIncremental(input);
}

function planFullRefresh(input: PlanInput): StreamPlan {
  const { saved, stream } = input;
  const resumed =
    saved?.mode === 'full_refresh' && !saved.isComplete && saved.generationId === stream.generationId
      ? saved
      : undefined;
  const started = base(input, undefined, 'full_refresh');
  if (resumed === undefined) return started;
  const unread = unreadColumns(resumed.columns, input.columns, input.padded);
  if (unread.length > 0) return { ...started, notice: fromStart(input, `${named(unread)} ${notRead(unread)}`) };
  const found = usableRules(resumed.rules, input);
  return found.kind === 'usable'
    ? { ...started, rules: found.rules, notice: found.notice }
    : { ...started, notice: fromStart(input, found.why) };
}

function planIncremental(input: PlanInput): StreamPlan {
  const { config, saved, stream, table } = input;
  const refused = whyNotIncremental(table, config.method);
  if (refused !== undefined) {
    throw Failure.config(`Stream ${streamName(table)} ${refused}`, { stream: stream.descriptor });
  }
  const cursor = chooseCursor(table, stream.cursorField, stream.descriptor);
  if (config.method.kind === 'cursor' && cursor === undefined) throw noCursor(table, stream);
  const started = base(input, cursor, 'incremental');
  const usable = saved?.mode === 'incremental' && saved.generationId === stream.generationId ? saved : undefined;
  if (usable === undefined) return started;
  const unread = unreadColumns(usable.columns, input.columns, input.padded);
  if (unread.length === 0) return continued(input, started, usable, cursor);
  refusePaddedKey(input, unread);
  if (keyOf(input).length > 0) {
    const also = continued(input, started, usable, cursor).notice;
    const notice = fromStart(input, `${named(unread)} ${notRead(unread)}`);
    return { ...withoutCursor(started), notice: also === undefined ? notice : `${also} ${notice}` };
  }
  // Without a key the rows would stand there twice.
  const columns = readColumns(input.columns.filter((column) => !unread.includes(column)));
  const plan = continued(input, { ...started, state: { ...started.state, columns } }, usable, cursor);
  const loud =
    `Stream ${streamName(table)} has no primary key, so rows read before are not read again, and ${named(unread)} ` +
    `${notRead(unread)} there: refresh the stream to have its values in all rows.`;
  return { ...plan, notice: plan.notice === undefined ? loud : `${plan.notice} ${loud}` };
}

/** What a sync reads that carries on from a state. */
function continued(
  input: PlanInput,
  started: StreamPlan,
  saved: StreamState,
  cursor: CursorColumn | undefined,
): StreamPlan {
  const { config } = input;
  const position = positionOf(saved, cursor);
  if (config.method.kind === 'cursor') {
    const latest = saved.rules.at(-1)?.since;
    const doubt = latest === undefined ? undefined : doubtOf(latest, input);
    if (doubt?.isAnother === true) return { ...withoutCursor(started), notice: fromStart(input, doubt.why) };
    if (doubt?.undone === 'perhaps' && keyOf(input).length > 0) {
      return recover(input, started, position, setBack(doubt));
    }
    if (position === undefined) return started;
    const condition = cursorSince(position, config.method.lookBackSeconds);
    return { ...started, condition, notice: input.isCursorAhead ? cursorAhead(input, position) : undefined };
  }
  if (saved.rules.length === 0) return started;
  const found = usableRules(saved.rules, input);
  if (found.kind === 'lost') return recover(input, started, position, found);
  const plan = { ...started, rules: found.rules, notice: found.notice };
  if (position === undefined) return plan;
  if (input.isCursorAhead) return withoutCursor(plan);
  const isWhole = saved.rules.length > 1 || found.rules[0]?.since === undefined;
  return config.method.kind === 'window' && !isWhole
    ? { ...plan, condition: cursorSince(position, config.method.lookBackSeconds) }
    : plan;
}

/** The snapshot is of no use: back to the start, or to the cursor less the look-back that the user chose for this. */
function recover(input: PlanInput, started: StreamPlan, position: CursorPosition | undefined, lost: Lost): StreamPlan {
  const { config, table } = input;
  const lookBack = lost.stray === 'of another' || input.isCursorAhead ? undefined : config.recoveryLookBackSeconds;
  if (lookBack === undefined || position === undefined || !isTime(position)) {
    return { ...withoutCursor(started), notice: fromStart(input, lost.why) + STRAY_ROWS[lost.stray] };
  }
  return {
    ...started,
    condition: cursorSinceOrNone(position, lookBack),
    notice:
      `Stream ${streamName(table)} is read again from ${position.column} ${position.value} less ` +
      `${lookBack} s: ${lost.why}. Rows written before that and never read stay unread; ` +
      'refresh the stream to be sure of all.',
  };
}

function isTime({ sqlType }: CursorPosition): boolean {
  return sqlType !== 'int8' && sqlType !== 'numeric';
}

function fromStart({ table }: PlanInput, why: string): string {
  return `Stream ${streamName(table)} is read again from the start: ${why}.`;
}

function named(columns: readonly Column[]): string {
  return `column${columns.length === 1 ? '' : 's'} ${columns.map(({ name }) => name).join(', ')}`;
}

function notRead(columns: readonly Column[]): string {
  return columns.length === 1 ? 'was not read so before' : 'were not read so before';
}

/** A plain cursor gives what lies behind it and no more, as Airbyte's standard tests ask of a state from the future. */
function cursorAhead({ table }: PlanInput, { column, value }: CursorPosition): string {
  return (
    `Stream ${streamName(table)} continues from ${column} ${value}, which lies ahead of the server’s clock: rows with ` +
    'smaller values are not read. Refresh the stream to have them, or use the lossless method.'
  );
}

/** The whole of it is read: its cursor is found at the end, and until then says nothing that a stopped sync could begin at. */
function withoutCursor(plan: StreamPlan): StreamPlan {
  return { ...plan, state: { ...plan.state, cursor: undefined } };
}

function keyOf({ stream, table }: PlanInput): readonly string[] {
  return stream.primaryKey.length > 0 ? stream.primaryKey.map((path) => path.join('.')) : table.primaryKey;
}

/** Rows stand under padded keys: read again they would stand under two. */
function refusePaddedKey(input: PlanInput, unread: readonly Column[]): void {
  const padded = unread.filter(({ name }) => input.padded.includes(name) && keyOf(input).includes(name));
  if (padded.length === 0) return;
  throw Failure.config(
    `Stream ${streamName(input.table)} has char(n) in its key (${named(padded)}), and rows were sent under keys with ` +
      'its padding, which is left out now as PostgreSQL’s own cast to text does: refresh the stream and remove its ' +
      'records, so that no row stands under both keys.',
    { stream: input.stream.descriptor },
  );
}

function base(input: PlanInput, cursor: CursorColumn | undefined, mode: StreamState['mode']): StreamPlan {
  const { saved, stream, table } = input;
  return {
    table,
    columns: input.columns,
    cursor,
    rules: everything,
    condition: undefined,
    notice: undefined,
    stateBefore: saved,
    state: {
      mode,
      isComplete: false,
      generationId: stream.generationId,
      cursorField: cursor?.column.name,
      cursor: saved?.mode === mode && saved.cursorField === cursor?.column.name ? saved.cursor : undefined,
      columns: readColumns(input.columns),
      rules: [],
    },
  };
}

export function positionOf(
  saved: StreamState | undefined,
  cursor: CursorColumn | undefined,
): CursorPosition | undefined {
  return cursor !== undefined && saved?.cursor !== undefined && saved.cursorField === cursor.column.name
    ? { column: cursor.column.name, sqlType: cursor.sqlType, value: saved.cursor }
    : undefined;
}

type UsableRules =
  { readonly kind: 'usable'; readonly rules: readonly Rule[]; readonly notice: string | undefined } | Lost;

/** Why the saved snapshot is of no use, and whose rows may be where the stream was sent and not here. */
interface Lost {
  readonly kind: 'lost';
  readonly why: string;
  readonly stray: 'none' | 'of another' | 'of a lost time';
}

const STRAY_ROWS: Readonly<Record<Lost['stray'], string>> = {
  none: '',
  'of another': ' Rows that only the other one has stay where they were sent: refresh the stream to be rid of them.',
  'of a lost time':
    ' Rows that only the lost time had stay where they were sent: refresh the stream to be rid of them.',
};

/** The server, or the copy that took its place, went back in time. */
function setBack({ why, isAnother }: Doubt): Lost {
  return {
    kind: 'lost',
    why: `${why}, so rows may be as they were before they were sent`,
    stray: isAnother ? 'of another' : 'of a lost time',
  };
}

/** The saved rules as far as the server's history bears them out. */
function usableRules(rules: readonly Rule[], now: PlanInput): UsableRules {
  const latest = rules.at(-1)?.since;
  const doubt = latest === undefined ? undefined : doubtOf(latest, now);
  if (latest === undefined || doubt === undefined) return notTooOld(rules, now, undefined);
  // A table that had no row proves nothing and needs no proof: whatever is there now was not read.
  if (latest.digestColumns !== undefined && latest.witnesses.length === 0) return notTooOld(everything, now, undefined);
  if (doubt.undone === 'never') {
    const same = rules.map(({ since, from }) => ({ since: since && { ...since, server: now.server }, from }));
    return notTooOld(
      same,
      now,
      `Stream ${streamName(now.table)} continues: ${doubt.why} after all that the state covers.`,
    );
  }
  const proof = doubt.isProvable ? now.proof : undefined;
  if (proof === undefined) {
    const why = `${doubt.why}${doubt.isProvable ? ', and has none of the rows read last as they were' : ''}`;
    return { kind: 'lost', why, stray: doubt.isAnother ? 'of another' : 'none' };
  }
  const mayBeUndone = isPerhapsUndone(doubt, latest, proof);
  // Without a key nothing is replaced by a row that comes again: it would stand there twice.
  if (mayBeUndone && keyOf(now).length > 0 && (doubt.isAnother || now.config.recoveryLookBackSeconds === undefined)) {
    return setBack(doubt);
  }
  const borneOut = rules.map((rule) => ({
    ...rule,
    since: rule.since === undefined ? undefined : trusted(rule.since, proof.xid, now.server),
  }));
  const notice =
    `Stream ${streamName(now.table)} continues: ${doubt.why}, but its rows are as they were up to transaction ${proof.xid}. ` +
    `What was written later is read.${mayBeUndone ? STAYS : ''}`;
  return notTooOld(borneOut, now, doubt.isNews || proof.isFork ? notice : undefined);
}

const STAYS =
  ' Rows that are here as they were before they were sent do not come again: refresh the stream to have them right.';

/** Whether rows that the state covers may stand here as earlier transactions wrote them. */
function isPerhapsUndone({ undone }: Doubt, saved: Snapshot, proof: Proof): boolean {
  switch (undone) {
    case 'perhaps':
      return true;
    case 'unless the newest stands':
      return proof.isFork || !proof.isNewest || (saved.seen.at(-1)?.[1] ?? 0n) > proof.xid;
    case 'if it forks':
      return proof.isFork;
    case 'never':
      return false;
  }
}

function notTooOld(rules: readonly Rule[], now: PlanInput, notice: string | undefined): UsableRules {
  for (const { since } of rules) {
    const why = since === undefined ? undefined : whyTooOld(since, now.next);
    if (why !== undefined) return { kind: 'lost', why, stray: 'none' };
  }
  return { kind: 'usable', rules, notice };
}

function noCursor(table: Table, stream: ConfiguredStream): Failure {
  const names = cursorCandidates(table).map((column) => column.name);
  return Failure.config(`Stream ${streamName(table)} needs a cursor: choose one of ${names.join(', ')}.`, {
    stream: stream.descriptor,
  });
}
