import { runAudit, type StreamAudit } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';
import { Dice, seedsOf } from '../../support/sink/schedule';

jest.setTimeout(3_600_000);

const LONG = process.env.EWALLET_LONG === '1';
const ROWS = LONG ? 1_000_000 : 12_000;
const [seed = 0] = seedsOf(1);

/** How a row's key is made of its number `i`, and how the report shows it. */
interface KeyKind {
  readonly name: string;
  readonly columns: string;
  readonly of: string;
  readonly names: readonly string[];
  readonly isNumber?: boolean;
}

const kinds: readonly KeyKind[] = [
  { name: 'bigint', columns: 'id bigint', of: 'i * 3 - 20000', names: ['id'], isNumber: true },
  { name: 'uuid', columns: 'id uuid', of: 'md5(i::text)::uuid', names: ['id'] },
  { name: 'numeric', columns: 'id numeric(30,2)', of: `(i * 1.25 - 100)`, names: ['id'] },
  { name: 'c_text', columns: 'id text collate "C"', of: `chr(32 + i % 90) || 'Ü' || i`, names: ['id'] },
  { name: 'language_text', columns: 'id text', of: `chr(32 + i % 90) || 'ü' || md5(i::text)`, names: ['id'] },
  {
    name: 'composite',
    columns: 'wallet uuid, currency text, id int',
    of: `md5((i / 7)::text)::uuid, chr(65 + i % 7), i`,
    names: ['wallet', 'currency', 'id'],
  },
];

/** Sorts a report's keys whatever they are made of. */
function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

let tables: PlantedTables;
beforeAll(async () => {
  tables = await PlantedTables.open();
});
afterAll(async () => tables.close());

const rest = 'amount numeric(20,4), memo text, at timestamptz, data jsonb';
function rowsOf(of: string): string {
  return (
    `select ${of}, (i % 1000) / 7.0, case i % 5 when 0 then '' when 1 then null else 'café ' || i % 11 end, ` +
    `timestamptz '2026-01-01 00:00+00' + i * interval '1.000001 s', jsonb_build_object('n', i % 13) ` +
    `from generate_series(1, ${ROWS}) i`
  );
}

test.each(kinds)(`random damage of every kind is found exactly, key: $name (seed ${seed})`, async (kind) => {
  const dice = new Dice(seed);
  const table = `t_${kind.name}`;
  const keys = kind.names.join(', ');
  await tables.plant(
    table,
    `${kind.columns}, ${rest}, primary key (${keys})`,
    rowsOf(kind.of),
    `${kind.columns}, ${rest}`,
  );
  await tables.target.query(`create index on raw.${table} (${keys})`);
  const { rows: all } = await tables.source.query<{ key: string[]; memo: string | null }>(
    `select array[${kind.names.map((name) => `${name}::text`).join(', ')}] as key, memo from ${table} order by at`,
  );
  const key = (at: number): string[] => all[at]?.key ?? [];
  const where = (at: number): string =>
    kind.names.map((name, index) => `${name} = '${(key(at)[index] ?? '').replaceAll("'", "''")}'`).join(' and ');
  const shown = (at: number): unknown => {
    const values = kind.isNumber === true ? key(at).map(Number) : key(at);
    if (kind.names.length > 1) return [values[0], values[1], Number(values[2])];
    return values[0];
  };
  const expected = {
    missing: [] as unknown[],
    extra: [] as unknown[],
    different: [] as { key: unknown; columns: string[] }[],
  };
  const touched = new Set<number>();
  const pick = (fits: (at: number) => boolean = () => true): number => {
    for (;;) {
      const at = dice.roll(ROWS);
      if (touched.has(at) || !fits(at)) continue;
      touched.add(at);
      return at;
    }
  };
  const landed = async (sql: string): Promise<void> => {
    expect((await tables.target.query(sql)).rowCount).toBe(1);
  };
  const damage = async (column: string, value: string, at: number): Promise<void> => {
    await landed(`update raw.${table} set ${column} = ${value} where ${where(at)}`);
    expected.different.push({ key: shown(at), columns: [column] });
  };
  for (let round = 0; round < 4; round += 1) {
    await damage('amount', 'amount + 0.0001', pick());
    await damage('at', `at + interval '1 microsecond'`, pick());
    await damage(
      'memo',
      'null',
      pick((at) => all[at]?.memo === ''),
    );
    await damage(
      'memo',
      `''`,
      pick((at) => all[at]?.memo === null),
    );
    await damage(
      'memo',
      'normalize(memo, NFD)',
      pick((at) => (all[at]?.memo ?? '') !== ''),
    );
    await damage('data', `data || '{"n": 99}'`, pick());
    const one = pick();
    const swapped = pick((at) => at % 1000 !== one % 1000);
    await tables.target.query(
      `update raw.${table} t set amount = o.amount from raw.${table} o
       where (${where(one).replaceAll(/(^| and )(\w+) =/g, '$1t.$2 =')} and ${where(swapped).replaceAll(/(^| and )(\w+) =/g, '$1o.$2 =')})
          or (${where(swapped).replaceAll(/(^| and )(\w+) =/g, '$1t.$2 =')} and ${where(one).replaceAll(/(^| and )(\w+) =/g, '$1o.$2 =')})`,
    );
    for (const at of [one, swapped]) expected.different.push({ key: shown(at), columns: ['amount'] });
    const [gone, added, doubled] = [pick(), pick(), pick()];
    await landed(`delete from raw.${table} where ${where(gone)}`);
    expected.missing.push(shown(gone));
    await tables.source.query(`delete from ${table} where ${where(added)}`);
    expected.extra.push(shown(added));
    await landed(`insert into raw.${table} select * from raw.${table} where ${where(doubled)}`);
    expected.extra.push(shown(doubled));
  }
  // A range of keys that is gone as a whole.
  const first = dice.roll(ROWS - 60);
  for (let at = first; at < first + 50; at += 1) {
    if (touched.has(at)) continue;
    touched.add(at);
    await landed(`delete from raw.${table} where ${where(at)}`);
    expected.missing.push(shown(at));
  }
  const run = await runAudit(tables, ['--stream', table, '--chunk-seconds', LONG ? '0.5' : '0.005', '--workers', '2']);
  const [stream] = run.streams as readonly [StreamAudit];
  expect({
    code: run.code,
    rows: stream.rows,
    missing: [...stream.missing].sort(byText),
    extra: [...stream.extra].sort(byText),
    different: [...stream.different].sort(byText),
  }).toEqual({
    code: 1,
    rows: ROWS - 4,
    missing: expected.missing.sort(byText),
    extra: expected.extra.sort(byText),
    different: expected.different.sort(byText),
  });
});
