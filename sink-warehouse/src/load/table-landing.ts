import { Failure } from '@ewallet/failure';
import { sqlStateOf } from '@ewallet/postgres';
import type { ClientBase } from 'pg';
import { landsInOrder } from '../tables/arrival-order';
import { readTable } from '../tables/catalogue';
import { targetColumns, type LandingColumn, type Layout } from '../tables/layout';
import { quotedTable, shownTable } from '../tables/table-name';
import { planTable, type TablePlan, type TablePolicy } from '../tables/table-plan';
import { decideTable } from '../state/topic-tables';
import type { TableTarget } from './table-target';
import { arrivals, runsOf, type Run } from './arrival';
import type { GenerationEnd } from './batch';
import { copyRows } from './copy-stream';
import * as sql from './merge-sql';
import { MonthPartitioner, type LandedMonths } from './month-partitioner';
import { deleteRow, isDelete, type RowReference, type TableBatch } from './table-batch';

const CHUNK_BYTES = 1 << 20;
/** Rows of a batch whose keys are looked for before a COPY straight in: a batch with one update in twenty is found out. */
const SAMPLE_ROWS = 100;
/** Types with several forms of one value: 1.0 and 1.00, 0 and -0. */
const LOOSE = /^(numeric|real|double precision|jsonb)/;

/** What is known of a table on one connection. Forgotten with the connection, or when the table turns out to differ. */
interface TableState {
  layout: Layout;
  keyCount: number;
  keyForms: number;
  plan: TablePlan;
  landing: string;
  /** Whether rows may be copied straight in. `ask` is decided by a sample of the first batch's keys. */
  straight: 'yes' | 'no' | 'ask';
  /** Whether the table's constraints or its key let rows land in no other order than their own. */
  inOrder: boolean;
}

/** Lands rows in the tables of the warehouse over one connection. */
export class TableLanding {
  private readonly states = new Map<TableTarget, TableState>();
  private readonly decided = new Set<TableTarget>();
  /** By the types of the key. */
  private readonly keyLandings = new Map<string, string>();
  private readonly notStraight = new Set<string>();
  private readonly months: MonthPartitioner;
  private landings = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly policy: TablePolicy,
    /** Called when the warehouse answered in the middle of a table: there may be many runs. */
    private readonly answered: () => void,
  ) {
    this.months = new MonthPartitioner(client);
  }

  /** Tables are looked at anew: something did not fit, or a transaction that made them was rolled back. */
  async forget(): Promise<void> {
    const landings = [...[...this.states.values()].map(({ landing }) => landing), ...this.keyLandings.values()];
    this.states.clear();
    this.decided.clear();
    this.keyLandings.clear();
    this.months.forget();
    if (landings.length > 0) await this.client.query(`drop table if exists ${landings.join(', ')}`);
  }

  /** A key was already there: from now on rows of these tables are merged. */
  stopStraightCopy(tables: Iterable<TableTarget>): void {
    for (const { name } of tables) this.notStraight.add(quotedTable(name));
  }

  /** All live rows and tombstones of a table, in the current transaction. */
  async land(
    batch: TableBatch,
    options: { readonly mayCopyStraight: boolean },
  ): Promise<{ readonly straight: boolean }> {
    const { upserts } = batch;
    if (upserts.live === 0) {
      await this.deleteAll(batch);
      return { straight: false };
    }
    const state = await this.prepare(batch.target);
    const runs = state.inOrder ? runsOf(batch, arrivals(batch)) : [];
    if (runs.length > 1) {
      await this.landRuns(batch, runs);
      return { straight: false };
    }
    const straight = options.mayCopyStraight && batch.deletes.live === 0 && (await this.goesStraight(batch, state));
    for (const [index, segment] of batch.segments.entries()) {
      const end = batch.segments[index + 1]?.firstRow ?? upserts.count;
      const statement = straight
        ? sql.copyToTableSql(batch.target.name, state.layout, segment.width)
        : sql.copyToLandingSql(state.landing, segment.width);
      await copyRows(this.client, statement, upserts.chunks(segment.firstRow, end, CHUNK_BYTES));
    }
    if (!straight) await this.merge(batch.target, state);
    await this.deleteAll(batch);
    return { straight };
  }

  /** Whether `landRows` needs all rows of the table, in the order in which they came. */
  async landsInOrder({ target, upserts }: TableBatch): Promise<boolean> {
    return upserts.count > 0 && (await this.prepare(target)).inOrder;
  }

  /**
   * What `work` does, or nothing of it: under a savepoint. What is known of tables from before is still known after a
   * failure, as long as `work` made nothing; looking at each table again took most of the time where many rows are bad.
   */
  async attempt(batch: TableBatch, work: () => Promise<void>): Promise<void> {
    if (batch.upserts.count > 0) await this.prepare(batch.target);
    for (const { key } of batch.keySegments) await this.keyLanding(key);
    const before = this.landings;
    await this.client.query('savepoint part');
    try {
      await work();
    } catch (error) {
      await this.client.query('rollback to savepoint part; release savepoint part').catch(() => {
        throw error; // the connection is gone, and why is what counts
      });
      this.decided.clear();
      this.months.forget();
      if (this.landings !== before) await this.forget();
      throw error;
    }
    await this.client.query('release savepoint part');
  }

  private async landRuns(batch: TableBatch, runs: readonly Run[]): Promise<void> {
    const { upserts, deletes, target } = batch;
    for (const { kind, from, to } of runs) {
      if (kind === 'delete')
        await this.delete(batch, from, to, (first, end) => deletes.slices(first, end, CHUNK_BYTES));
      else {
        const state = await this.prepare(target);
        for (const [index, segment] of batch.segments.entries()) {
          const first = Math.max(from, segment.firstRow);
          const end = Math.min(to, batch.segments[index + 1]?.firstRow ?? upserts.count);
          if (first >= end) continue;
          const statement = sql.copyToLandingSql(state.landing, segment.width);
          await copyRows(this.client, statement, upserts.slices(first, end, CHUNK_BYTES));
        }
        await this.merge(target, state);
        await this.client.query(`truncate ${state.landing}`);
      }
      this.answered();
    }
  }

  /** Some rows only, dead or alive: how bad ones are found. */
  async landRows(batch: TableBatch, references: readonly RowReference[]): Promise<void> {
    if (await this.landsInOrder(batch)) {
      await this.landRuns(batch, runsOf(batch, references));
      return;
    }
    const rows = references.filter((reference) => !isDelete(reference));
    if (rows.length > 0) await this.mergeRows(batch, rows);
    const deletes = references.filter(isDelete).map(deleteRow);
    if (deletes.length === 0) return;
    await this.delete(batch, 0, batch.deletes.count, (from, to) =>
      deletes.filter((row) => row >= from && row < to).map((row) => batch.deletes.row(row)),
    );
  }

  private async mergeRows(batch: TableBatch, rows: readonly number[]): Promise<void> {
    const state = await this.prepare(batch.target);
    await this.copyToLanding(batch, state, rows);
    await this.merge(batch.target, state);
    await this.client.query(`truncate ${state.landing}`);
  }

  private async copyToLanding(batch: TableBatch, { landing }: TableState, rows: readonly number[]): Promise<void> {
    for (const [index, segment] of batch.segments.entries()) {
      const end = batch.segments[index + 1]?.firstRow ?? batch.upserts.count;
      const own = rows.filter((row) => row >= segment.firstRow && row < end);
      if (own.length === 0) continue;
      const statement = sql.copyToLandingSql(landing, segment.width);
      await copyRows(this.client, statement, [Buffer.concat(own.map((row) => batch.upserts.row(row)))]);
    }
  }

  /**
   * A key that is there would cost a whole COPY, so a sample of keys is looked for first, once a connection. An instance
   * that joins or starts again in the middle of a first load goes straight on: merging instead doubled the server's work.
   */
  private async goesStraight(batch: TableBatch, state: TableState): Promise<boolean> {
    if (state.straight !== 'ask') return state.straight === 'yes';
    const { name, key } = batch.target;
    await this.copyToLanding(batch, state, batch.upserts.sample(SAMPLE_ROWS));
    const { rows } = await this.client.query<{ found: boolean }>(
      sql.anyKeyThereSql(state.landing, name, state.layout, key),
    );
    state.straight = rows[0]?.found === true ? 'no' : 'yes';
    if (state.straight === 'yes') return true; // the landing table empties itself at the end of the transaction
    await this.client.query(`truncate ${state.landing}`);
    return false;
  }

  async deleteOlderGenerations({ name, topic, partition, offset, generationId }: GenerationEnd): Promise<void> {
    if ((await readTable(this.client, name)) === undefined) return;
    await this.client.query(sql.deleteGenerationSql(name), [topic, partition, offset, generationId.toString()]);
  }

  private async merge(target: TableTarget, state: TableState): Promise<void> {
    const { landing, layout, plan } = state;
    const { name } = target;
    if (target.partitionBy !== undefined) {
      // Two sinks that hold one key at once would each find the other's row unborn, in another month.
      if (target.mayShareRows)
        await this.client.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 1))', [
          quotedTable(name),
        ]);
      await this.months.prepare(this.landedMonths(target, state, target.partitionBy));
    }
    await this.client.query(
      sql.mergeSql({ landing, name, layout, types: plan.types, key: conflictKey(target), inOrder: state.inOrder }),
    );
  }

  private landedMonths(target: TableTarget, { landing, layout, plan }: TableState, partitionBy: string): LandedMonths {
    const values = sql.landedValues(layout, plan.types);
    const valueOf = (column: string): readonly [string, string] => [column, values.get(column) ?? 'null'];
    return {
      name: target.name,
      landing,
      key: target.key.map(({ name }) => valueOf(name)),
      keyType: plan.types.get(target.key[0]?.name ?? '') ?? 'text',
      date: valueOf(partitionBy),
      mayCreate: this.policy.autoCreate,
      hasLooseKey: target.key.some(({ type }) => LOOSE.test(type)),
    };
  }

  private async deleteAll(batch: TableBatch): Promise<void> {
    const { deletes } = batch;
    if (deletes.live > 0)
      await this.delete(batch, 0, deletes.count, (from, to) => deletes.chunks(from, to, CHUNK_BYTES));
  }

  /**
   * The tombstones `[from, to)`, of which `chunks` gives those that count. Tombstones alone say nothing of a table's
   * columns, so they neither create nor change it.
   */
  private async delete(
    { target, deletes, keySegments }: TableBatch,
    from: number,
    to: number,
    chunks: (from: number, to: number) => Iterable<Buffer>,
  ): Promise<void> {
    if (!this.decided.has(target)) {
      await decideTable(this.client, target.decision, undefined);
      this.decided.add(target);
    }
    const types = await this.columnTypes(target);
    if (types === undefined) return;
    for (const [index, { firstRow, key }] of keySegments.entries()) {
      const first = Math.max(from, firstRow);
      const end = Math.min(to, keySegments[index + 1]?.firstRow ?? deletes.count);
      if (first >= end) continue;
      const landing = await this.keyLanding(key);
      const columns = key.map((_, slot) => sql.landingColumnName(slot)).join(', ');
      await copyRows(this.client, `copy ${landing} (${columns}) from stdin (format binary)`, chunks(first, end));
      await this.client.query(sql.deleteSql(landing, target.name, key, types));
      await this.client.query(`truncate ${landing}`);
    }
  }

  /** Name → type in the table; undefined where there is no table. */
  private async columnTypes(target: TableTarget): Promise<ReadonlyMap<string, string> | undefined> {
    const known = this.states.get(target);
    if (known !== undefined) return known.plan.types;
    const table = await readTable(this.client, target.name);
    return table === undefined ? undefined : new Map(table.columns.map(({ name, type }) => [name, type]));
  }

  private async keyLanding(key: readonly LandingColumn[]): Promise<string> {
    const types = key.map(({ type }) => type).join();
    const known = this.keyLandings.get(types);
    if (known !== undefined) return known;
    this.landings += 1;
    const landing = `pg_temp.keys_${this.landings}`;
    await this.client.query(sql.createKeyLandingSql(landing, key));
    this.keyLandings.set(types, landing);
    return landing;
  }

  /** The table as the rows need it; created and altered in the same transaction as the rows. */
  private async prepare(target: TableTarget): Promise<TableState> {
    const known = this.states.get(target);
    if (known?.layout === target.layout && known.keyCount === target.key.length && known.keyForms === target.keyForms)
      return known;
    const { client } = this;
    const where = `${target.topic} → ${shownTable(target.name)}`;
    const { name, partitionBy } = target;
    await decideTable(
      client,
      target.decision,
      target.layout.columns.map((column) => column.name),
    );
    this.decided.add(target);
    const wish = { name, columns: targetColumns(target.layout, where), key: conflictKey(target), partitionBy };
    let actual = await readTable(client, target.name);
    let plan = planTable(wish, actual, this.policy);
    if (plan.statements.length > 0) {
      // Two sinks that create or alter one table at once take turns; the second finds it done.
      await client.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [
        `sink:${quotedTable(target.name)}`,
      ]);
      actual = await readTable(client, target.name);
      plan = planTable(wish, actual, this.policy);
      for (const statement of plan.statements) await this.change(target, statement);
    }
    this.landings += 1;
    const landing = `pg_temp.landing_${this.landings}`;
    if (known !== undefined) await client.query(`drop table ${known.landing}`);
    await client.query(sql.createLandingSql(landing, target.layout));
    const oneSlotAName = wish.columns.length === target.layout.columns.length;
    const takesCopy = plan.takesCopy && oneSlotAName && !this.notStraight.has(quotedTable(target.name));
    const state: TableState = {
      layout: target.layout,
      keyCount: target.key.length,
      keyForms: target.keyForms,
      plan,
      landing,
      straight: !takesCopy ? 'no' : target.isKeyed && target.key.length > 0 ? 'ask' : 'yes',
      inOrder: await landsInOrder(client, name, wish.key, target.layout, target.keyForms),
    };
    this.states.set(target, state);
    return state;
  }

  /** PostgreSQL changes no column's type under a view; dropping somebody else's view is not the sink's to decide. */
  private async change(target: TableTarget, statement: string): Promise<void> {
    try {
      await this.client.query(statement);
    } catch (error) {
      if (sqlStateOf(error) !== '0A000') throw error;
      throw Failure.config(
        `Table ${shownTable(target.name)}: a view reads a column whose type has to change. Drop the view (dbt makes its views anew at the next run), then start the sink again; it will run: ${statement};`,
        { cause: error },
      );
    }
  }
}

/** A unique index of a partitioned table has to have the column of its partitions. */
function conflictKey({ key, partitionBy, layout }: TableTarget): readonly LandingColumn[] {
  if (partitionBy === undefined || key.length === 0 || key.some(({ name }) => name === partitionBy)) return key;
  return [...key, ...layout.columns.filter(({ name }) => name === partitionBy).slice(0, 1)];
}
