import type { Client } from 'pg';

/** What differs between two runs for reasons other than the data: the run's own bookkeeping and its clock. */
const OF_THE_RUN = new Set(['changes_until', 'measured_at', 'seconds_since_load']);

/** What runs did, which a build of everything does not: nothing to compare. */
const RECORDS_OF_RUNS = new Set(['restatements']);

/** Moves the marts and what they are built from aside, so that the next run starts from nothing but the seeds in `staging`. */
export async function setAside(client: Client, suffix: string): Promise<void> {
  for (const schema of ['marts', 'intermediate']) {
    await client.query(`alter schema ${schema} rename to ${schema}_${suffix}`);
  }
}

/**
 * Compares every mart with the one set aside, row by row with multiplicity; a view (what is live) keeps nothing to compare.
 *
 * @returns a line for each mart, `<mart>: <rows> rows, <only here> + <only aside> differ`
 */
export async function compareMarts(client: Client, suffix: string, omitted: readonly string[] = []): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string; columns: string[] }>(
    `select table_name as name, array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'marts' and table_type = 'BASE TABLE' group by table_name order by table_name`,
  );
  const lines: string[] = [];
  for (const { name, columns } of tables.filter((table) => !RECORDS_OF_RUNS.has(table.name))) {
    const compared = columns
      .filter((column) => !OF_THE_RUN.has(column) && !omitted.includes(`${name}.${column}`))
      .map((column) => `"${column}"`)
      .join(', ');
    const { rows } = await client.query<{ all: string; here: string; aside: string }>(`
      select
        (select count(*) from marts.${name}) as all,
        (select count(*) from (select ${compared} from marts.${name} except all select ${compared} from marts_${suffix}.${name}) as d) as here,
        (select count(*) from (select ${compared} from marts_${suffix}.${name} except all select ${compared} from marts.${name}) as d) as aside
    `);
    for (const row of rows) lines.push(`${name}: ${row.all} rows, ${row.here} + ${row.aside} differ`);
  }
  return lines;
}
