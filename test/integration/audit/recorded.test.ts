import { migrateSinkSchema } from '@ewallet/sink-schema';
import { runAudit } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';

jest.setTimeout(300_000);

test('each run leaves one row per stream in sink.audits, where the role may insert', async () => {
  const tables = await PlantedTables.open();
  try {
    await tables.plant('fees', 'id int primary key, fee numeric(12,2)', 'select i, i from generate_series(1, 10) i');
    await migrateSinkSchema(tables.target);
    expect((await runAudit(tables)).code).toBe(0);
    await tables.target.query('delete from raw.fees where id = 3');
    await tables.target.query('update raw.fees set fee = 0 where id in (4, 5)');
    expect((await runAudit(tables, ['--sample', '100'])).code).toBe(1);
    const { rows } = await tables.target.query(
      `select stream, table_name, equal, rows::int, missing::int, extra::int, different::int, in_flight::int, nulled::int,
         keys_only, sample_percent::int, finished_at >= started_at as timed
       from sink.audits order by finished_at`,
    );
    const common = {
      stream: 'public.fees',
      table_name: 'raw.fees',
      rows: 10,
      extra: 0,
      in_flight: 0,
      nulled: 0,
      keys_only: false,
      timed: true,
    };
    expect(rows).toEqual([
      { ...common, equal: true, missing: 0, different: 0, sample_percent: null },
      { ...common, equal: false, missing: 1, different: 2, sample_percent: 100 },
    ]);
  } finally {
    await tables.close();
  }
});
