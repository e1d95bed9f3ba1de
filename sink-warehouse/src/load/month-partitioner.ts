import { sqlStateOf } from '@ewallet/postgres';
import type { ClientBase } from 'pg';
import { readPartitions, readTable, takenNames } from '../tables/catalogue';
import type { Month } from '../tables/month';
import {
  createDefaultSql,
  createMonthSql,
  defaultPartition,
  missingMonths,
  monthPartition,
} from '../tables/month-partitions';
import { quotedTable, type TableName } from '../tables/table-name';
import { landedMonthsSql, overlappingSql, refuseRepeatedSql, removeMovedSql, type LandedKey } from './month-sql';

/** A table that is partitioned by month, and the rows in its landing table. */
export interface LandedMonths extends LandedKey {
  readonly name: TableName;
  /** Whether months may be made: `auto.create`. */
  readonly mayCreate: boolean;
  /** Whether keys of other bytes may be equal to PostgreSQL. */
  readonly hasLooseKey: boolean;
}

/** How long a new partition waits for queries on the default one. Everybody else would wait behind it. */
const LOCK_TIMEOUT_MS = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/** Makes the months that rows need, and keeps a row's key unique over all of them, which no constraint can. */
export class MonthPartitioner {
  /** Months that need no second look on this connection. */
  private readonly settled = new Map<string, Set<Month>>();

  constructor(private readonly client: ClientBase) {}

  forget(): void {
    this.settled.clear();
  }

  /** Before the landing rows are merged, in the same transaction. */
  async prepare(landed: LandedMonths): Promise<void> {
    if (landed.mayCreate) await this.makeMonths(landed);
    if (landed.key.length > 0 && !landed.key.some(([column]) => column === landed.date[0]))
      await this.removeMoved(landed);
    if (landed.hasLooseKey) await this.client.query(refuseRepeatedSql(landed));
  }

  private async makeMonths(landed: LandedMonths): Promise<void> {
    const key = quotedTable(landed.name);
    const settled = this.settled.get(key) ?? new Set();
    const { rows } = await this.client.query<{ month: Month }>(landedMonthsSql(landed));
    const open = rows.map(({ month }) => month).filter((month) => !settled.has(month));
    if (open.length === 0) return;
    await this.client.query('savepoint months');
    try {
      await this.client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await this.create(landed, open);
      await this.client.query('set local lock_timeout = default');
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      // Somebody reads the whole table. The rows wait in the default partition, and move when their month is made.
      await this.client.query('rollback to savepoint months');
      return;
    }
    await this.client.query('release savepoint months');
    this.settled.set(key, new Set([...settled, ...open]));
  }

  private async create({ name, date }: LandedMonths, wanted: readonly Month[]): Promise<void> {
    const { client } = this;
    // Two sinks that need the same month take turns; the second finds it made.
    await client.query('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [
      `sink:${quotedTable(name)}`,
    ]);
    const partitions = await readPartitions(client, name);
    const names = [...wanted.map((month) => monthPartition(name, month)), defaultPartition(name)];
    const taken = await takenNames(
      client,
      name.schema,
      names.map(({ table }) => table),
    );
    const { rows } = await client.query<{ now: Month }>(
      'select (extract(year from now()) * 12 + extract(month from now()) - 1)::integer as now',
    );
    const months = missingMonths(name, { wanted, partitions, taken, now: rows[0]?.now ?? 0 });
    const fallback = partitions.find(({ bounds }) => bounds.kind === 'default');
    if (fallback === undefined && !taken.has(defaultPartition(name).table)) await client.query(createDefaultSql(name));
    if (months.length === 0) return;
    const table = await readTable(client, name);
    const columns = (table?.columns ?? []).filter(({ generated }) => !generated).map((column) => column.name);
    for (const month of months) {
      for (const statement of createMonthSql(name, month, { partitionBy: date[0], columns, fallback: fallback?.name }))
        await client.query(statement);
    }
  }

  private async removeMoved(landed: LandedMonths): Promise<void> {
    const partitions = (await readPartitions(this.client, landed.name)).map(({ name }) => name);
    if (partitions.length === 0) return;
    const { rows } = await this.client.query<{ number: number; low: string; high: string }>(
      overlappingSql(landed, partitions),
    );
    for (const { number, low, high } of rows) {
      const partition = partitions[number];
      if (partition !== undefined) await this.client.query(removeMovedSql(landed, partition), [low, high]);
    }
  }
}
