import { Failure } from '@ewallet/failure';
import { sqlStateOf } from '@ewallet/postgres';
import type { ClientBase } from 'pg';
import { decideTable } from '../state/topic-tables';
import { landsInOrder } from '../tables/arrival-order';
import { readTable } from '../tables/catalogue';
import { targetColumns, type LandingColumn, type Layout } from '../tables/layout';
import { quotedTable, shownTable } from '../tables/table-name';
import { planTable, type TablePlan, type TablePolicy } from '../tables/table-plan';
import * as sql from './merge-sql';
import type { TableTarget } from './table-target';

/** What is known of a table on one connection. Forgotten with the connection, or when the table turns out to differ. */
export interface PreparedTable {
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

/**
 * The warehouse's tables, made fit for rows: registered as their topic's, created or altered, with a landing table beside them,
 * and known from then on. Landing rows in them is TableLanding's.
 */
export class TablePreparation {
  private readonly states = new Map<TableTarget, PreparedTable>();
  private readonly decided = new Set<TableTarget>();
  /** By the types of the key. */
  private readonly keyLandings = new Map<string, string>();
  private readonly notStraight = new Set<string>();
  private landings = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly policy: TablePolicy,
  ) {}

  /** Landing tables made so far: whether anything was made since. */
  get made(): number {
    return this.landings;
  }

  /** Each table is read again: something did not fit, or a transaction that made it was rolled back. */
  async forget(): Promise<void> {
    const landings = [...[...this.states.values()].map(({ landing }) => landing), ...this.keyLandings.values()];
    this.states.clear();
    this.decided.clear();
    this.keyLandings.clear();
    if (landings.length > 0) await this.client.query(`drop table if exists ${landings.join(', ')}`);
  }

  /** A savepoint was rolled back, and with it what said whose table each is. */
  forgetDecisions(): void {
    this.decided.clear();
  }

  /** A key was already there: from now on rows of these tables are merged. */
  stopStraightCopy(tables: Iterable<TableTarget>): void {
    for (const { name } of tables) this.notStraight.add(quotedTable(name));
  }

  /** Says in the warehouse that the table is this topic's, once: tombstones alone prepare no table. */
  async decide(target: TableTarget): Promise<void> {
    if (this.decided.has(target)) return;
    await decideTable(this.client, target.decision, undefined);
    this.decided.add(target);
  }

  /** Name → type in the table; undefined where there is no table. */
  async columnTypes(target: TableTarget): Promise<ReadonlyMap<string, string> | undefined> {
    const known = this.states.get(target);
    if (known !== undefined) return known.plan.types;
    const table = await readTable(this.client, target.name);
    return table === undefined ? undefined : new Map(table.columns.map(({ name, type }) => [name, type]));
  }

  /** Where tombstones' keys of these types wait for their delete. */
  async keyLanding(key: readonly LandingColumn[]): Promise<string> {
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
  async prepare(target: TableTarget): Promise<PreparedTable> {
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
    const state: PreparedTable = {
      layout: target.layout,
      keyCount: target.key.length,
      keyForms: target.keyForms,
      plan,
      landing,
      straight: !takesCopy ? 'no' : target.isKeyed && target.key.length > 0 ? 'ask' : 'yes',
      inOrder: await landsInOrder(client, name, { key: wish.key, layout: target.layout, keyForms: target.keyForms }),
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
        `Table ${shownTable(target.name)}: a view reads a column whose type has to change. Drop the view (dbt recreates its views at its next run), then start the sink again; it will run: ${statement};`,
        { cause: error },
      );
    }
  }
}

/** A unique index of a partitioned table has to have the column of its partitions. */
export function conflictKey({ key, partitionBy, layout }: TableTarget): readonly LandingColumn[] {
  if (partitionBy === undefined || key.length === 0 || key.some(({ name }) => name === partitionBy)) return key;
  return [...key, ...layout.columns.filter(({ name }) => name === partitionBy).slice(0, 1)];
}
