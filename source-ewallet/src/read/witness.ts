import type { Client } from 'pg';
import { quoteIdentifier } from '@ewallet/postgres';
import type { HeapTable } from '../tables/heap-table';
import { atPlaces, fullXidSql } from './row-condition';
import type { RowVersion, Witness } from '../position/row-version';
import type { Snapshot } from '../position/snapshot';
import type { Column } from '../tables/table';
import type { WantedRows } from './version-scan';

/** The newest rows are the ones most likely to be written again: of several, some stay. */
const MOST_NEW = 8;

/** Older rows, a few for each doubling of their age, prove a history that forked some time ago up to near the fork. */
const MOST_OF_AN_AGE = 2;

type Found = readonly { readonly heap: HeapTable; readonly wanted: WantedRows }[];

interface WitnessesAfter {
  readonly columns: readonly Column[];
  readonly next: bigint;
  readonly before: Snapshot | undefined;
}

/**
 * A stream's witnesses after a sync: those of before that are still there, the newest of the rows it found, and some of
 * all over the tables that it read whole; where that is none, of tables that it had nothing to read of.
 */
export async function queryWitnesses(
  client: Client,
  found: Found,
  { columns, next, before }: WitnessesAfter,
): Promise<Pick<Snapshot, 'witnesses' | 'digestColumns'>> {
  const digested = shortColumns(columns);
  const rows: Witness[] = [];
  const ask = async (heap: HeapTable, conditions: readonly string[]): Promise<void> => {
    for (const where of conditions) rows.push(...(await queryRows(client, heap, { columns: digested, where, next })));
  };
  for (const { heap, wanted } of found) {
    // Their digests are taken again: the columns may be others now.
    const known = before?.files.get(heap.oid) === heap.file ? before.witnesses.filter((w) => w.table === heap.oid) : [];
    const places = [...known, ...(wanted.kind === 'places' ? newest(wanted.rows) : [])];
    if (places.length > 0) await ask(heap, [atPlaces(places)]);
    if (wanted.kind === 'blocks') await ask(heap, sampledBlocks(heap.blocks));
  }
  for (const { heap } of found.slice(0, MOST_SAMPLED)) {
    if (rows.length === 0) await ask(heap, sampledBlocks(heap.blocks));
  }
  return { witnesses: spread(distinct(rows), next), digestColumns: digested.map(({ name }) => name) };
}

/** Of a stream of a thousand partitions. */
const MOST_SAMPLED = 16;

/** How far the saved witnesses bear the server's history out; undefined where none does. */
export async function queryProof(
  client: Client,
  tables: readonly HeapTable[],
  { columns, saved, next }: { readonly columns: readonly Column[]; readonly saved: Snapshot; readonly next: bigint },
): Promise<Proof | undefined> {
  const names = saved.digestColumns ?? shortColumns(columns).map(({ name }) => name);
  const digested = names.flatMap((name) => columns.filter((column) => column.name === name));
  if (digested.length !== names.length) return undefined;
  const answers: WitnessAnswer[] = [];
  for (const table of tables) {
    const witnesses = saved.witnesses.filter((witness) => witness.table === table.oid);
    if (witnesses.length === 0) continue;
    const isSameFile = saved.files.get(table.oid) === table.file;
    const where = isSameFile ? atPlaces(witnesses) : equalRows(witnesses, digested);
    const rows = await queryRows(client, table, { columns: digested, where, next });
    answers.push(...witnesses.map((witness) => answer(witness, rows, isSameFile)));
  }
  return proofOf(answers);
}

/** What was found of a witness. */
export interface WitnessAnswer {
  readonly xid: bigint;
  readonly kind: 'as it was' | 'gone' | 'another';
}

/** What witnesses prove. */
export interface Proof {
  /** The history is the state's up to this transaction. */
  readonly xid: bigint;
  /** Whether it is another one from some later transaction on. */
  readonly isFork: boolean;
  /** Whether that is the newest of all witnesses. */
  readonly isNewest: boolean;
}

/** Up to the newest witness that is as it was and older than all that cannot be of this history. */
export function proofOf(answers: readonly WitnessAnswer[]): Proof | undefined {
  const others = answers.filter(({ kind }) => kind === 'another').map(({ xid }) => xid);
  const proven = answers
    .filter(({ kind, xid }) => kind === 'as it was' && others.every((other) => xid < other))
    .map(({ xid }) => xid);
  const [first, ...more] = proven;
  if (first === undefined) return undefined;
  const xid = more.reduce((highest, other) => (other > highest ? other : highest), first);
  return { xid, isFork: others.length > 0, isNewest: answers.every((one) => one.xid <= xid) };
}

function answer(witness: Witness, rows: readonly Witness[], isSameFile: boolean): WitnessAnswer {
  const { xid, digest, place } = witness;
  const isThere = rows.some((row) => row.xid === xid && row.digest === digest && (!isSameFile || row.place === place));
  if (isThere) return { xid, kind: 'as it was' };
  // A place is used again only by a later transaction: an earlier one, or other values of the same, is another history.
  const isAnother = isSameFile && rows.some((row) => row.place === place && row.xid <= xid);
  return { xid, kind: isAnother ? 'another' : 'gone' };
}

/** The newest, and of older ones some of each age: twice as old is the next age. */
function spread(rows: readonly Witness[], next: bigint): readonly Witness[] {
  const sorted = newest(rows, rows.length);
  const ages = new Map<number, number>();
  return sorted.filter(({ xid }, index) => {
    if (index < MOST_NEW) return true;
    const age = (next - xid).toString(2).length;
    const count = (ages.get(age) ?? 0) + 1;
    ages.set(age, count);
    return count <= MOST_OF_AN_AGE;
  });
}

function newest<T extends RowVersion>(rows: readonly T[], most = MOST_NEW): readonly T[] {
  return [...rows].sort((a, b) => (a.xid === b.xid ? 0 : a.xid > b.xid ? -1 : 1)).slice(0, most);
}

/** The last witness of each place: the earlier ones describe what the place held before. */
function distinct(rows: readonly Witness[]): readonly Witness[] {
  return [...new Map(rows.map((row) => [`${row.table} ${row.place}`, row])).values()];
}

/** The table's end, where new rows mostly are, and single blocks at half, a quarter, … of it. */
function sampledBlocks(blocks: number): readonly string[] {
  const end = Math.max(0, blocks - 2);
  const conditions = [`ctid >= '(${end},0)'::tid`];
  for (let block = Math.floor(end / 2), last = end; block < last; last = block, block = Math.floor(block / 8)) {
    conditions.push(`ctid >= '(${block},0)'::tid and ctid < '(${block + 1},0)'::tid`);
  }
  return conditions;
}

/** Rows have other places in another file (VACUUM FULL, CLUSTER), and keep their transactions. */
function equalRows(witnesses: readonly Witness[], columns: readonly Column[]): string {
  const writers = [...new Set(witnesses.map(({ xid }) => String(xid & 0xffff_ffffn)))].join(',');
  const digests = [...new Set(witnesses.map(({ digest }) => digest))].join(',');
  return `xmin::text = any('{${writers}}') and ${digestSql(columns)} = any('{${digests}}'::int8[])`;
}

async function queryRows(
  client: Client,
  table: HeapTable,
  { columns, where, next }: { readonly columns: readonly Column[]; readonly where: string; readonly next: bigint },
): Promise<readonly Witness[]> {
  const id = fullXidSql(next);
  const { rows } = await client.query<{ place: string; xid: string; digest: string }>(
    `select ctid::text as place, ${id}::text as xid, ${digestSql(columns)}::text as digest
     from only ${table.sql} where ${where} order by ${id} desc limit ${MOST_ASKED}`,
  );
  return rows.map(({ place, xid, digest }) => ({ table: table.oid, place, xid: BigInt(xid), digest }));
}

/** Above what a state can hold: the newest, and some of each of 64 ages. */
const MOST_ASKED = 200;

/** Those whose values are not megabytes long. A ROW of more than 1,664 cannot be built; the first hundred tell rows apart. */
function shortColumns(columns: readonly Column[]): readonly Column[] {
  return columns.filter(({ type: { kind } }) => !['json', 'bytea', 'array'].includes(kind)).slice(0, 100);
}

function digestSql(columns: readonly Column[]): string {
  const values = columns.map(({ name, type: { kind } }) => {
    const column = quoteIdentifier(name);
    return kind === 'text' || kind === 'char' ? `left(${column}::text, 64)` : column;
  });
  return `hashtextextended(row(${values.join(', ')})::text, 0)`;
}
