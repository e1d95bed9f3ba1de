import { Failure } from '@ewallet/failure';
import type { ConfiguredStream } from '@ewallet/airbyte';
import { chooseCursor, type CursorColumn } from './cursor-column';
import { cursorSince } from './row-condition';
import { isDoubtful, trusted, whyUnusable, type ServerIdentity, type Snapshot } from './snapshot';
import type { SourceConfig } from './source-config';
import { cursorCandidates, whyNotIncremental } from './stream-catalog';
import type { StreamState } from './stream-state';
import { streamName, type Column, type Table } from './table';
import { everything, type Rule } from './wanted-rows';

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

export interface PlanInput {
  readonly stream: ConfiguredStream;
  readonly table: Table;
  readonly columns: readonly Column[];
  readonly saved: StreamState | undefined;
  readonly config: SourceConfig;
  readonly server: ServerIdentity;
  readonly next: bigint;
  /** Up to which transaction the server's history is known to be the state's; asked for where `snapshotInDoubt` is. */
  readonly proven: bigint | undefined;
}

/** The snapshot of a saved state that has to be proved before it is used: the server was started again since. */
export function snapshotInDoubt(saved: StreamState | undefined, server: ServerIdentity): Snapshot | undefined {
  const latest = saved?.rules.at(-1)?.since;
  return latest !== undefined && isDoubtful(latest, server) ? latest : undefined;
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
  const found = usableRules(resumed.rules, input);
  return found.kind === 'usable'
    ? { ...started, rules: found.rules }
    : { ...started, notice: `Stream ${streamName(input.table)} is read again from the start: ${found.why}.` };
}

function planIncremental(input: PlanInput): StreamPlan {
  const { config, saved, stream, table } = input;
  const refused = whyNotIncremental(table, config.method);
  if (refused !== undefined) {
    throw Failure.config(`Stream ${streamName(table)} ${refused}`, { stream: stream.descriptor });
  }
  const cursor = chooseCursor(table, stream.cursorField, stream.descriptor);
  const started = base(input, cursor, 'incremental');
  const usable = saved?.mode === 'incremental' && saved.generationId === stream.generationId ? saved : undefined;
  const position = positionOf(usable, cursor);
  if (config.method.kind === 'cursor') {
    if (cursor === undefined) throw noCursor(table, stream);
    const condition = position === undefined ? undefined : cursorSince(position, config.method.lookBackSeconds);
    return { ...started, rules: everything, condition };
  }
  if (usable === undefined || usable.rules.length === 0) return started;
  const found = usableRules(usable.rules, input);
  if (found.kind === 'lost') return recover(input, started, position, found.why);
  const isWhole = usable.rules.length > 1;
  const condition =
    config.method.kind === 'window' && position !== undefined && !isWhole
      ? cursorSince(position, config.method.lookBackSeconds)
      : undefined;
  return { ...started, rules: found.rules, condition };
}

/** The snapshot is of no use: back to the cursor less a look-back, or to the start where there is no time to go by. */
function recover(
  input: PlanInput,
  started: StreamPlan,
  position: ReturnType<typeof positionOf>,
  lost: string,
): StreamPlan {
  const { config, table } = input;
  if (position === undefined || position.sqlType === 'int8' || position.sqlType === 'numeric') {
    return { ...started, notice: `Stream ${streamName(table)} is read again from the start: ${lost}.` };
  }
  const since = cursorSince(position, config.recoveryLookBackSeconds);
  return {
    ...started,
    condition: `(${since} or ${since.split(' >= ')[0] ?? ''} is null)`,
    notice:
      `Stream ${streamName(table)} is read again from ${position.column} ${position.value} less ` +
      `${config.recoveryLookBackSeconds} s: ${lost}. Rows written before that and never read stay unread; ` +
      'refresh the stream to be sure of all.',
  };
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
      rules: [],
    },
  };
}

function positionOf(saved: StreamState | undefined, cursor: CursorColumn | undefined) {
  return cursor !== undefined && saved?.cursor !== undefined && saved.cursorField === cursor.column.name
    ? { column: cursor.column.name, sqlType: cursor.sqlType, value: saved.cursor }
    : undefined;
}

type UsableRules =
  { readonly kind: 'usable'; readonly rules: readonly Rule[] } | { readonly kind: 'lost'; readonly why: string };

/** The saved rules as far as the server's history bears them out. */
function usableRules(rules: readonly Rule[], now: PlanInput): UsableRules {
  for (const { since } of rules) {
    const why = since === undefined ? undefined : whyUnusable(since, now);
    if (why !== undefined) return { kind: 'lost', why };
  }
  const { proven, server } = now;
  const latest = rules.at(-1)?.since;
  if (latest === undefined || !isDoubtful(latest, server)) return { kind: 'usable', rules };
  if (proven === undefined) {
    const why = `the server was started again (${server.started ?? ''}) and has none of the rows read last as they were, so it may be a copy of an earlier time`;
    return { kind: 'lost', why };
  }
  return {
    kind: 'usable',
    rules: rules.map((rule) => ({
      ...rule,
      since: rule.since === undefined ? undefined : trusted(rule.since, proven),
    })),
  };
}

function noCursor(table: Table, stream: ConfiguredStream): Failure {
  const names = cursorCandidates(table).map((column) => column.name);
  return Failure.config(`Stream ${streamName(table)} needs a cursor: choose one of ${names.join(', ')}.`, {
    stream: stream.descriptor,
  });
}
