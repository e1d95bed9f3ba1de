import type { Session } from '../server/session';

/**
 * Seconds since the sink last landed anything in this warehouse, by its own offsets; undefined where the role may not see
 * them or there are none: then only waiting can tell.
 */
export async function secondsSinceLanding(warehouse: Session): Promise<number | undefined> {
  const [allowed] = await warehouse.query(
    `select coalesce(has_table_privilege(to_regclass('sink.offsets'), 'SELECT')
       and has_schema_privilege(to_regnamespace('sink'), 'USAGE'), false)::text as allowed`,
  );
  if (allowed?.allowed !== 'true') return undefined;
  const [row] = await warehouse.query(
    `select extract(epoch from clock_timestamp() - max(updated_at))::text as seconds from sink.offsets where records > 0`,
  );
  const seconds = row?.seconds ?? undefined;
  return seconds === undefined ? undefined : Math.max(0, Number(seconds));
}

/** Rows written to the audited tables since the server's counters began: the same number twice means that nothing landed. */
export async function rowsWritten(warehouse: Session, schemas: readonly string[]): Promise<string> {
  const [row] = await warehouse.query(
    `select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text as rows
     from pg_stat_user_tables where schemaname = any($1)`,
    [schemas],
  );
  return row?.rows ?? '0';
}
