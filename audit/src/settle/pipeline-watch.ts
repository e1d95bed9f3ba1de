import type { SessionPair } from '../compare/compare-range';
import { keyId } from '../compare/row-differences';
import { keyOf } from '../compare/range-walker';
import { lookUpRows } from '../compare/hashed-row';
import type { HashKind } from '../compare/row-hash';
import { compareRows } from '../compare/row-differences';
import type { StreamPlan } from '../tables/stream-plan';
import { rowsWritten, secondsSinceLanding } from './landing-activity';
import { transactionOf } from './row-transaction';

/** Rows landed last that are looked at in each stream: one unchanged since is enough. */
const ROWS_LOOKED_AT = 20;

interface Progress {
  /** Rows of transactions from here on were written after the last thing that is known. */
  readonly bound: bigint;
  readonly passes: number;
}

/** What lands tells of the pipeline. */
export interface LandingSeen {
  /** Since the sink last landed anything, or since the audit began to watch. */
  readonly quietSeconds: number;
  /** How often the pipeline was seen to have passed the moment before. */
  readonly passes: number;
  /** Since the audit began to watch. */
  readonly watchedSeconds: number;
}

/** When the watch began, by either clock, and by the source's transactions. */
interface WatchStart {
  /** Milliseconds. */
  readonly now: () => number;
  readonly started: number;
  /** The warehouse's time, as text. */
  readonly startedThere: string;
  /** The source's next transaction then. */
  readonly bound: bigint;
}

/** Watches the pipeline by what lands, while candidates wait for it. */
export class PipelineWatch {
  private readonly progress = new Map<string, Progress>();
  private lastWritten = '';
  private lastChange: number;

  private constructor(
    private readonly sessions: SessionPair,
    private readonly plans: readonly StreamPlan[],
    private readonly hash: HashKind,
    private readonly since: WatchStart,
  ) {
    const { started, bound } = since;
    this.lastChange = started;
    for (const plan of plans) this.progress.set(plan.stream, { bound, passes: 0 });
  }

  /** @param now milliseconds */
  static async start(
    sessions: SessionPair,
    plans: readonly StreamPlan[],
    hash: HashKind,
    now: () => number,
  ): Promise<PipelineWatch> {
    const bound = await nextTransaction(sessions);
    const [clock] = await sessions.warehouse.query('select clock_timestamp() as now');
    return new PipelineWatch(sessions, plans, hash, { now, started: now(), startedThere: clock?.now ?? '', bound });
  }

  async look(): Promise<LandingSeen> {
    for (const plan of this.plans) await this.lookForPass(plan);
    const watchedSeconds = (this.since.now() - this.since.started) / 1_000;
    return {
      watchedSeconds,
      quietSeconds: await this.quietSeconds(watchedSeconds),
      passes: Math.max(0, ...[...this.progress.values()].map(({ passes }) => passes)),
    };
  }

  private async quietSeconds(watchedSeconds: number): Promise<number> {
    const sinceLanding = await secondsSinceLanding(this.sessions.warehouse);
    if (sinceLanding !== undefined) return sinceLanding;
    const schemas = [...new Set(this.plans.map(({ table }) => table.slice(0, table.indexOf('.'))))];
    const written = await rowsWritten(this.sessions.warehouse, schemas);
    if (written !== this.lastWritten) {
      if (this.lastWritten !== '') this.lastChange = this.since.now();
      this.lastWritten = written;
    }
    return Math.min(watchedSeconds, (this.since.now() - this.lastChange) / 1_000);
  }

  /** A row that landed since, is equal on both sides, and was written by a transaction from the bound on. */
  private async lookForPass(plan: StreamPlan): Promise<void> {
    const before = this.progress.get(plan.stream);
    if (before === undefined || plan.source.version === undefined || plan.key.length === 0) return;
    if (plan.warehouse.loadedAt === undefined) return;
    const keyColumns = plan.warehouse.keyColumns.map(({ sql }, index) => `t.${sql} as k${index}`).join(', ');
    const landed = await this.sessions.warehouse.query(
      `select ${keyColumns} from ${plan.warehouse.from} t where t.${plan.warehouse.loadedAt} > $1::timestamptz
       order by t.${plan.warehouse.loadedAt} desc limit ${ROWS_LOOKED_AT}`,
      [this.since.startedThere],
    );
    if (landed.length === 0) return;
    const keys = landed.map((row) => keyOf(row, plan.key.length));
    const next = await nextTransaction(this.sessions);
    const source = await lookUpRows(this.sessions.source, plan.source, keys, this.hash);
    const there = await lookUpRows(this.sessions.warehouse, plan.warehouse, keys, this.hash);
    const unequal = new Set(compareRows(source, there).map(({ key }) => keyId(key)));
    const isPast = source.some(
      (row) => !unequal.has(keyId(row.key)) && transactionOf(row.version, next) >= before.bound,
    );
    if (!isPast) return;
    // Taken after the row was seen to have landed: what is written from here on is read by a later sync.
    this.progress.set(plan.stream, { bound: await nextTransaction(this.sessions), passes: before.passes + 1 });
  }
}

export async function nextTransaction({ source }: SessionPair): Promise<bigint> {
  const [row] = await source.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  return BigInt(row?.next ?? '0');
}
