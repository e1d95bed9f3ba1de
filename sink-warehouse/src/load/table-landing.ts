import type { ClientBase } from 'pg';
import { readTable } from '../tables/catalogue';
import { quotedTable } from '../tables/table-name';
import type { TablePolicy } from '../tables/table-plan';
import { arrivals, runsOf, type Run } from './arrival';
import type { GenerationEnd } from './batch';
import { copyRows } from './copy-stream';
import * as sql from './merge-sql';
import { MonthPartitioner, type LandedMonths } from './month-partitioner';
import { deleteRow, isDelete, type RowReference, type TableBatch } from './table-batch';
import { conflictKey, TablePreparation, type PreparedTable } from './table-preparation';
import type { TableTarget } from './table-target';

const CHUNK_BYTES = 1 << 20;
/** Rows of a batch whose keys are looked up before a COPY straight in: a batch with one update in twenty is found out. */
const SAMPLE_ROWS = 100;
/** Types with several forms of one value: 1.0 and 1.00, 0 and -0. */
const LOOSE = /^(numeric|real|double precision|jsonb)/;

/** Lands rows in the tables of the warehouse over one connection. */
export class TableLanding {
  private readonly tables: TablePreparation;
  private readonly months: MonthPartitioner;
  private landing: string | undefined;

  constructor(
    private readonly client: ClientBase,
    private readonly policy: TablePolicy,
    /** Called when the warehouse answered in the middle of a table: there may be many runs. */
    private readonly answered: () => void,
  ) {
    this.tables = new TablePreparation(client, policy);
    this.months = new MonthPartitioner(client);
  }

  /** The time of landing of the current transaction; undefined: the server's now(). */
  landAt(landing: string | undefined): void {
    this.landing = landing;
  }

  /** Each table is read again: something did not fit, or a transaction that made it was rolled back. */
  async forget(): Promise<void> {
    this.months.forget();
    await this.tables.forget();
  }

  /** A key was already there: from now on rows of these tables are merged. */
  stopStraightCopy(tables: Iterable<TableTarget>): void {
    this.tables.stopStraightCopy(tables);
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
    const state = await this.tables.prepare(batch.target);
    const runs = state.inOrder ? runsOf(batch, arrivals(batch)) : [];
    if (runs.length > 1) {
      await this.landRuns(batch, runs);
      return { straight: false };
    }
    // Rows that are copied straight in have the column's default, now().
    const mayCopyStraight = options.mayCopyStraight && this.landing === undefined;
    const straight = mayCopyStraight && batch.deletes.live === 0 && (await this.goesStraight(batch, state));
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
    return upserts.count > 0 && (await this.tables.prepare(target)).inOrder;
  }

  /**
   * What `work` does, or nothing of it: under a savepoint. What is known of tables from before is still known after a
   * failure, as long as `work` made nothing; looking at each table again took most of the time where many rows are bad.
   */
  async attempt(batch: TableBatch, work: () => Promise<void>): Promise<void> {
    if (batch.upserts.count > 0) await this.tables.prepare(batch.target);
    for (const { key } of batch.keySegments) await this.tables.keyLanding(key);
    const before = this.tables.made;
    await this.client.query('savepoint part');
    try {
      await work();
    } catch (error) {
      await this.client.query('rollback to savepoint part; release savepoint part').catch(() => {
        throw error; // the connection is gone, and why is what counts
      });
      this.tables.forgetDecisions();
      this.months.forget();
      if (this.tables.made !== before) await this.forget();
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
        const state = await this.tables.prepare(target);
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
    const state = await this.tables.prepare(batch.target);
    await this.copyToLanding(batch, state, rows);
    await this.merge(batch.target, state);
    await this.client.query(`truncate ${state.landing}`);
  }

  private async copyToLanding(batch: TableBatch, { landing }: PreparedTable, rows: readonly number[]): Promise<void> {
    for (const [index, segment] of batch.segments.entries()) {
      const end = batch.segments[index + 1]?.firstRow ?? batch.upserts.count;
      const own = rows.filter((row) => row >= segment.firstRow && row < end);
      if (own.length === 0) continue;
      const statement = sql.copyToLandingSql(landing, segment.width);
      await copyRows(this.client, statement, [Buffer.concat(own.map((row) => batch.upserts.row(row)))]);
    }
  }

  /**
   * A key that is there would cost a whole COPY, so a sample of keys is looked up first, once per connection. An instance
   * that joins or starts again in the middle of a first load goes straight on: merging instead doubled the server's work.
   */
  private async goesStraight(batch: TableBatch, state: PreparedTable): Promise<boolean> {
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

  private async merge(target: TableTarget, state: PreparedTable): Promise<void> {
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
      sql.mergeSql({
        landing,
        name,
        layout,
        types: plan.types,
        key: conflictKey(target),
        inOrder: state.inOrder,
        loadedAt: this.landing,
      }),
    );
  }

  private landedMonths(
    target: TableTarget,
    { landing, layout, plan }: PreparedTable,
    partitionBy: string,
  ): LandedMonths {
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
    await this.tables.decide(target);
    const types = await this.tables.columnTypes(target);
    if (types === undefined) return;
    for (const [index, { firstRow, key }] of keySegments.entries()) {
      const first = Math.max(from, firstRow);
      const end = Math.min(to, keySegments[index + 1]?.firstRow ?? deletes.count);
      if (first >= end) continue;
      const landing = await this.tables.keyLanding(key);
      const columns = key.map((_, slot) => sql.landingColumnName(slot)).join(', ');
      await copyRows(this.client, `copy ${landing} (${columns}) from stdin (format binary)`, chunks(first, end));
      await this.client.query(sql.deleteSql(landing, target.name, key, types));
      await this.client.query(`truncate ${landing}`);
    }
  }
}
