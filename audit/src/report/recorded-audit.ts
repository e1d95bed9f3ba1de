import { randomUUID } from 'node:crypto';
import { connect, exactSettings, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import { differencesIn, type AuditReport } from './audit-report';

/** Where results are kept; made by the sink's migrations. */
const TABLE = 'sink.audits';

/**
 * Keeps the report in the warehouse, one row per stream, where the sink's schema has the table and the role may insert.
 * Elsewhere nothing is kept: a role that may only read is enough for an audit.
 */
export async function recordAudit(
  warehouse: ConnectionConfig,
  report: AuditReport,
  run: { readonly keysOnly: boolean; readonly samplePercent: number | undefined; readonly startedAt: Date },
): Promise<void> {
  const client = await connect(warehouse, {
    applicationName: 'ewallet-audit',
    settings: { ...exactSettings, row_security: 'on' },
  });
  try {
    const { rows } = await client.query<{ allowed: boolean | null }>(
      `select has_schema_privilege(to_regnamespace('sink'), 'USAGE')
         and has_table_privilege(to_regclass($1), 'INSERT') and not pg_is_in_recovery() as allowed`,
      [TABLE],
    );
    if (rows[0]?.allowed !== true) return;
    const { streams } = report;
    await client.query(
      `insert into ${TABLE} (audit_id, stream, table_name, started_at, equal, rows, missing, extra, different, in_flight,
         nulled, keys_only, sample_percent)
       select $1, s.stream, s.table_name, $2, s.equal, s.rows, s.missing, s.extra, s.different, s.in_flight, s.nulled, $3, $4
       from json_to_recordset($5::json) as s(stream text, table_name text, equal boolean, rows bigint, missing bigint,
         extra bigint, different bigint, in_flight bigint, nulled bigint)`,
      [
        randomUUID(),
        run.startedAt,
        run.keysOnly,
        run.samplePercent ?? null,
        JSON.stringify(
          streams.map((stream) => ({
            stream: stream.stream,
            table_name: stream.table,
            equal: differencesIn(stream) === 0,
            rows: stream.rows,
            missing: stream.missing.length,
            extra: stream.extra.length,
            different: stream.different.length,
            in_flight: stream.inFlight,
            nulled: stream.nulled,
          })),
        ),
      ],
    );
  } catch (error) {
    throw failureFromPostgres(error, { what: `Could not keep the result in ${TABLE}`, role: warehouse.username });
  } finally {
    await client.end();
  }
}
