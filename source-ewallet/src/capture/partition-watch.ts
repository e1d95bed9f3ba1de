import type { Client } from 'pg';
import { querySnapshotBounds } from '../server/server-state';
import { queryHeapTables, type HeapTable } from '../tables/heap-table';
import type { CapturedStream } from './captured-stream';

/** What became of a stream's partitions since its state. None of it is a change that the log has for the stream. */
export interface PartitionChanges {
  readonly heaps: readonly HeapTable[];
  /** Partitions that were attached with rows in them. */
  readonly attached: readonly HeapTable[];
  /** Partitions that were truncated by themselves: their own TRUNCATE is not published under the root's name. */
  readonly truncated: readonly HeapTable[];
  /** How many were detached or dropped. */
  readonly gone: number;
}

/** Looks at the partitions of streams, and remembers which new ones were created as partitions: their rows are all streamed. */
export class PartitionWatch {
  private readonly createdInPlace = new Set<number>();

  constructor(private readonly client: Client) {}

  /** @returns undefined where the stream has no partitions, or none that can be told apart */
  async look(stream: CapturedStream): Promise<PartitionChanges | undefined> {
    const since = stream.state.rows?.rules.at(-1)?.since;
    if (stream.captured.table.kind !== 'partitioned table' || since === undefined) return undefined;
    const heaps = await queryHeapTables(this.client, stream.captured.table);
    if (heaps === undefined) return undefined;
    const current = new Set(heaps.map(({ oid }) => oid));
    return {
      heaps,
      attached: await this.attached(heaps.filter(({ oid }) => !since.files.has(oid) && !this.createdInPlace.has(oid))),
      truncated: await this.truncated(
        heaps.filter(({ oid, file }) => since.files.has(oid) && since.files.get(oid) !== file),
        since.below,
      ),
      gone: [...since.files.keys()].filter((oid) => !current.has(oid)).length,
    };
  }

  /** Whether every row of a partition that the state does not know is streamed. */
  isStreamed(oid: number): boolean {
    return this.createdInPlace.has(oid);
  }

  /**
   * A partition was attached where another transaction made the table than the one that made it a partition. Where one did
   * both, the rows that were there before are that transaction's own.
   */
  private async attached(unknown: readonly HeapTable[]): Promise<readonly HeapTable[]> {
    if (unknown.length === 0) return [];
    const { rows } = await this.client.query<{ leaf: string; attached: boolean; makers: string[]; commands: string[] }>(
      `with recursive edge(leaf, parent, maker, command, creator) as (
         select l, i.inhparent, i.xmin::text, i.cmin::text, t.xmin::text
         from unnest($1::oid[]) l join pg_inherits i on i.inhrelid = l join pg_type t on t.typrelid = i.inhrelid
         union all
         select e.leaf, i.inhparent, i.xmin::text, i.cmin::text, t.xmin::text
         from edge e join pg_inherits i on i.inhrelid = e.parent join pg_type t on t.typrelid = i.inhrelid)
       select leaf::int8 as leaf, bool_or(maker <> creator) as attached,
         array_agg(maker order by maker, command) as makers, array_agg(command order by maker, command) as commands
       from edge group by leaf`,
      [unknown.map(({ oid }) => oid)],
    );
    const found: HeapTable[] = [];
    for (const heap of unknown) {
      const origin = rows.find(({ leaf }) => Number(leaf) === heap.oid);
      if (origin === undefined) continue; // It is no partition any more.
      if (origin.attached || (await this.hasRowsOfBefore(heap, origin.makers, origin.commands))) found.push(heap);
      else this.createdInPlace.add(heap.oid);
    }
    return found;
  }

  /** Rows of the transaction that made it a partition, of an earlier command. */
  private hasRowsOfBefore(heap: HeapTable, makers: readonly string[], commands: readonly string[]): Promise<boolean> {
    const isOfBefore =
      'exists (select from unnest($1::text[], $2::int8[]) as e(maker, command) where xmin::text = maker and cmin::text::int8 < command)';
    return this.exists(heap, isOfBefore, [makers, commands]);
  }

  /** VACUUM FULL and CLUSTER change a table's file as well, and keep its old rows. */
  private async truncated(changed: readonly HeapTable[], below: bigint): Promise<readonly HeapTable[]> {
    const found: HeapTable[] = [];
    for (const heap of changed) {
      const { next } = await querySnapshotBounds(this.client);
      if (!(await this.exists(heap, 'age(xmin) > $1', [String(next - below)]))) found.push(heap);
    }
    return found;
  }

  private async exists({ sql }: HeapTable, condition: string, values: readonly unknown[]): Promise<boolean> {
    const { rows } = await this.client.query<{ found: boolean }>(
      `select exists (select from only ${sql} where ${condition}) as found`,
      [...values],
    );
    return rows[0]?.found === true;
  }
}
