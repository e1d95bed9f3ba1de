import { streamName } from '@ewallet/postgres';
import type { AuditConfig } from './config/audit-config';
import { count, Failure } from '@ewallet/failure';
import type { Sample, SessionPair } from './compare/compare-range';
import type { HashKind } from './compare/row-hash';
import { SnapshotRun } from './compare/snapshot-run';
import { Snapshots } from './compare/snapshots';
import type { ComparedRange } from './compare/stream-run';
import type { AuditReport } from './report/audit-report';
import type { Progress } from './report/progress';
import { streamReport } from './report/stream-report';
import { Session } from './server/session';
import { candidateOf, type Candidate } from './settle/candidate';
import { describeRows, type DescribedRow } from './settle/described-row';
import { settle } from './settle/settle';
import { readSyncedPositions } from './settle/synced-position';
import { queryLandedTables, querySourceTables } from './tables/catalogue';
import { chooseStreams, landedTableOf } from './tables/choose-streams';
import { agreeOnHash, serverVersion } from './compare/hash-agreement';
import { auditIdentity } from './resume/audit-identity';
import { ProgressFile } from './resume/progress-file';
import { planStream, type StreamPlan } from './tables/stream-plan';

export interface AuditOptions {
  /** Streams asked for; empty for those of the configuration. */
  readonly streams: readonly string[];
  readonly keysOnly: boolean;
  readonly sample: Sample | undefined;
  readonly showValues: boolean;
  readonly chunkSeconds: number;
  readonly workers: number;
  readonly stop: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
  readonly progress: Progress;
  /** Where to keep what was compared, and to continue from; undefined for a run that starts over. */
  readonly resume: string | undefined;
}

interface Planned {
  readonly plans: readonly StreamPlan[];
  readonly notLanded: readonly string[];
  readonly hash: HashKind;
}

/**
 * Compares every chosen stream row by row.
 *
 * @throws Failure config_error where it cannot be done as configured; AuditStopped where the user stopped it
 */
export async function audit(config: AuditConfig, options: AuditOptions): Promise<AuditReport> {
  const started = options.now();
  const sessions = await openPair(config);
  try {
    const planned = await planAudit(sessions, config, options);
    const kept =
      options.resume === undefined
        ? undefined
        : ProgressFile.open(options.resume, auditIdentity(config, planned.plans, options));
    const compared = await compareAll(config, planned, options, kept);
    const candidates = [...compared.values()].flatMap(({ candidates: found }) => found);
    const described = await describeRows(sessions, candidates, planned.hash);
    const carried = described.filter(({ columns }) => columns === undefined || columns.wrong.length > 0);
    const settled = await settle(
      sessions,
      planned.plans,
      carried.map(({ candidate }) => candidate),
      {
        hash: planned.hash,
        settleSeconds: config.settleSeconds,
        positions: async () => (config.sync === undefined ? new Map() : readSyncedPositions(config.sync.configFile)),
        stop: options.stop,
        now: options.now,
        say: (text) => {
          options.progress.say(text);
        },
      },
    );
    if (options.stop.aborted) throw new AuditStopped();
    const final = await describeRows(sessions, settled, planned.hash);
    const carriedRows = new Set(carried);
    const nulled = described.filter((row) => !carriedRows.has(row));
    kept?.finish();
    return {
      streams: planned.plans.map((stream) =>
        streamReport(stream, {
          rows: compared.get(stream)?.rows ?? 0,
          found: rowsOf(final, stream),
          nulled: rowsOf(nulled, stream).length,
          showValues: options.showValues,
        }),
      ),
      notLanded: planned.notLanded,
      seconds: (options.now() - started) / 1_000,
    };
  } finally {
    await closePair(sessions);
  }
}

/** The user ended the run before it had looked at everything: it proves nothing. */
export class AuditStopped extends Error {
  override readonly name = 'AuditStopped';
}

function rowsOf(rows: readonly DescribedRow[], plan: StreamPlan): readonly DescribedRow[] {
  return rows.filter(({ candidate }) => candidate.plan === plan);
}

/**
 * Decides from both catalogues what is compared.
 *
 * @param wanted what is there: streams that have not landed, and those without a key where keys are compared, are left out
 * @throws Failure where it cannot be as configured
 */
export async function planAudit(
  sessions: SessionPair,
  config: AuditConfig,
  options: Pick<AuditOptions, 'streams' | 'keysOnly'>,
  wanted: 'everything' | 'what is there' = 'everything',
): Promise<Planned> {
  const version = await serverVersion(sessions.source);
  await serverVersion(sessions.warehouse);
  const hash = await agreeOnHash(sessions.source, sessions.warehouse);
  const tables = await querySourceTables(sessions.source, config.schemas);
  const chosen = chooseStreams(tables, config.streams, options.streams, config);
  const schemas = [...new Set(chosen.map(({ landing }) => landing.schema))];
  const landed = await queryLandedTables(sessions.warehouse, schemas);
  const plans: StreamPlan[] = [];
  const notLanded: string[] = [];
  for (const stream of chosen) {
    const isOptional = wanted === 'what is there';
    if (isOptional && (stream.choice.primaryKey ?? stream.table.primaryKey).length === 0) continue;
    const table = landedTableOf({ ...stream, isNamed: stream.isNamed && !isOptional }, landed);
    if (table === undefined) {
      notLanded.push(streamName(stream.table));
      continue;
    }
    if (stream.table.isNotHere) {
      if (isOptional) continue;
      throw Failure.config(
        `Stream ${streamName(stream.table)}: a standby has no rows of unlogged tables. Audit the primary, or name the other streams in \`streams\`.`,
      );
    }
    plans.push(
      planStream(stream.table, table, stream.choice, {
        server: { checksInput: version >= 160_000 },
        sameEncoding: hash === 'utf8',
        keysOnly: options.keysOnly,
      }),
    );
  }
  if (plans.length === 0 && wanted === 'everything') {
    throw Failure.config(
      `Nothing to compare: the source has ${count(tables.length, 'table')} (schemas ${config.schemas.join(', ')}), and none of them is in the warehouse's schemas ${schemas.join(', ')}. Check \`source.schemas\`, \`warehouse.table.name.format\` and the roles' grants.`,
    );
  }
  return { plans, notLanded, hash };
}

interface Compared {
  rows: number;
  readonly candidates: Candidate[];
}

/** The first look: each database as it was at one moment. */
async function compareAll(
  config: AuditConfig,
  planned: Planned,
  options: AuditOptions,
  kept: ProgressFile | undefined,
): Promise<ReadonlyMap<StreamPlan, Compared>> {
  const compared = new Map<StreamPlan, Compared>();
  const run = new SnapshotRun(
    // A standby may be behind here: what differs is looked at again once it has caught up.
    () => Snapshots.open(config.source, config.warehouse, options.workers, () => Promise.resolve()),
    (text) => {
      options.progress.say(text);
    },
  );
  try {
    for (const stream of planned.plans) {
      const result: Compared = { rows: 0, candidates: [] };
      compared.set(stream, result);
      options.progress.begin(stream.stream, stream.estimate);
      const take = ({ rows, differences }: ComparedRange): void => {
        result.rows += rows;
        result.candidates.push(...differences.map((difference) => candidateOf(stream, difference)));
        options.progress.add(rows, differences.length);
      };
      const earlier = kept?.resumed(stream.stream);
      for (const range of earlier?.ranges ?? []) take(range);
      if (earlier?.isDone === true) continue;
      await run.compare(
        stream,
        {
          hash: planned.hash,
          chunkSeconds: options.chunkSeconds,
          sample: options.sample,
          stop: options.stop,
          now: options.now,
        },
        (range) => {
          kept?.add(stream.stream, range);
          take(range);
        },
        earlier?.resumeAt,
      );
      if (options.stop.aborted) throw new AuditStopped();
    }
    return compared;
  } finally {
    options.progress.end();
    await run.close();
  }
}

/** A connection to each database, outside any snapshot. The caller closes them. */
export async function openPair(config: AuditConfig): Promise<SessionPair> {
  const source = await Session.open('source', config.source);
  try {
    return { source, warehouse: await Session.open('warehouse', config.warehouse) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

export async function closePair(sessions: SessionPair): Promise<void> {
  await Promise.allSettled([sessions.source.close(), sessions.warehouse.close()]);
}
