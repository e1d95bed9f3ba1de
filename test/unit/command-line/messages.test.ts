import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../../support/command';

/** Sixty programs, two at a time: each takes a second on a busy machine, and Metabase is asked again three times. */
const PATIENCE = 60_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-messages-'));
  const nowhere = 'postgresql://u:secret@127.0.0.1:1/w';
  const files = {
    'broken.json': '{',
    'yaml.json': 'a: 1\n',
    'list.json': '[]',
    'empty.json': '{}',
    'comma.json': '{\n  "name": "a",\n  "retries": 0,\n}',
    'typo.json': '{"hosst":"x"}',
    'source.json': JSON.stringify({
      ...{ host: '127.0.0.1', port: 1, database: 'w', username: 'u', password: 'secret' },
      ...{ schemas: ['public'], ssl_mode: { mode: 'disable' } },
    }),
    'sink.json': JSON.stringify({
      name: 'wallet',
      topics: 'public.users',
      'consumer.override.bootstrap.servers': '127.0.0.1:1',
      'connection.url': nowhere,
      'value.converter.schema.registry.url': 'http://127.0.0.1:1',
    }),
    'audit.json': JSON.stringify({ source: { config_file: 'source.json' }, warehouse: { 'connection.url': nowhere } }),
    'sync.json': JSON.stringify({
      source: { config_file: 'source.json' },
      destination: { config_file: 'source.json' },
      retries: 0,
    }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const REFUSED =
  'Could not connect to 127.0.0.1:1/w as u: connect ECONNREFUSED 127.0.0.1:1. Nothing listens there: check `host` and `port`, and that the server runs.';
const NOT_JSON = 'is not JSON (line 1, column 1). YAML is not read: write it as JSON.';

/** Programs that log and report for people: what was typed, the exit code, and all of standard error. Nothing is on standard output. */
const PLAIN: readonly (readonly [typed: string, code: number, stderr: string])[] = [
  ['ewallet-sync bogus', 1, "error: unknown command 'bogus'"],
  ['ewallet-sync rum', 1, "error: unknown command 'rum'\n(Did you mean run?)"],
  ['ewallet-sync run', 1, "error: required option '--config <file>' not specified"],
  [
    'ewallet-sync run --config missing.json',
    2,
    'ewallet-sync: The configuration missing.json cannot be read: there is no such file (ENOENT).',
  ],
  ['ewallet-sync run --config .', 2, 'ewallet-sync: The configuration . cannot be read: it is a folder (EISDIR).'],
  [
    'ewallet-sync run --config list.json/a.json',
    2,
    'ewallet-sync: The configuration list.json/a.json cannot be read: a part of its path is a file (ENOTDIR).',
  ],
  [
    'ewallet-sync run --config comma.json',
    2,
    'ewallet-sync: The configuration comma.json is not JSON (line 4, column 1). YAML is not read: write it as JSON.',
  ],
  ['ewallet-sync run --config yaml.json', 2, `ewallet-sync: The configuration yaml.json ${NOT_JSON}`],
  ['ewallet-sync run --config empty.json', 2, 'ewallet-sync: `source` must be a JSON object.'],
  [
    'ewallet-sync run --config sync.json --every soon',
    2,
    'ewallet-sync: --every must look like 30s, 15m, 1h or 1d, not soon.',
  ],
  [
    'ewallet-sync run --config sync.json --cron nonsense',
    2,
    'ewallet-sync: --cron cannot be understood: nonsense. It has five fields, such as "0 * * * *" for every hour.',
  ],
  [
    'ewallet-sync run --config sync.json --log-format yaml',
    1,
    "error: option '--log-format <format>' argument 'yaml' is invalid. Allowed choices are json, text.",
  ],
  ['sink-warehouse bogus', 1, "error: unknown command 'bogus'"],
  ['sink-warehouse run', 1, "error: required option '--config <file>' not specified"],
  [
    'sink-warehouse run --config missing.json',
    2,
    'sink-warehouse: The configuration missing.json cannot be read: there is no such file (ENOENT).',
  ],
  [
    'sink-warehouse run --config broken.json',
    2,
    'sink-warehouse: The configuration broken.json is not JSON (line 1, column 2).',
  ],
  [
    'sink-warehouse run --config list.json',
    2,
    'sink-warehouse: The configuration list.json must hold one JSON object.',
  ],
  ['sink-warehouse run --config empty.json', 2, 'sink-warehouse: name is missing.'],
  ['sink-warehouse offsets --config sink.json', 1, `sink-warehouse: ${REFUSED}`],
  ['ewallet-audit bogus', 2, "error: unknown command 'bogus'"],
  ['ewallet-audit run', 2, "error: required option '--config <file>' not specified"],
  ['ewallet-audit run --config yaml.json', 2, `ewallet-audit: The configuration yaml.json ${NOT_JSON}`],
  ['ewallet-audit run --config list.json', 2, 'ewallet-audit: The configuration list.json must hold one JSON object.'],
  [
    'ewallet-audit run --config audit.json --sample lots',
    2,
    'ewallet-audit: "lots" is not a percentage: above 0, at most 100.',
  ],
  ['ewallet-audit run --config audit.json', 3, `ewallet-audit: ${REFUSED}`],
  ['ewallet-pipeline bogus', 3, "error: unknown command 'bogus'"],
  [
    'ewallet-pipeline status --config missing.json',
    3,
    'ewallet-pipeline: The configuration missing.json cannot be read: there is no such file (ENOENT).',
  ],
  [
    'ewallet-pipeline status --config yaml.json',
    3,
    'ewallet-pipeline: The configuration yaml.json is not JSON (line 1, column 1). YAML and .properties are not read: write it as JSON.',
  ],
  [
    'ewallet-pipeline status --config empty.json',
    3,
    'ewallet-pipeline: The configuration empty.json names no part to look at. Known are ewallet, sync, airbyte, kafka, realtime, sink, warehouse, dbt, audit.',
  ],
  ['ewallet-realtime bogus', 2, "error: unknown command 'bogus'"],
  ['ewallet-realtime up --config yaml.json', 2, `ewallet-realtime: The configuration yaml.json ${NOT_JSON}`],
  ['ewallet-realtime up --config empty.json', 2, 'ewallet-realtime: `bootstrap_servers` is missing.'],
  ['ewallet-mapping bogus', 2, "error: unknown command 'bogus'"],
  [
    'ewallet-mapping propose',
    2,
    'ewallet-mapping: Name the database: --url-env NAME (a variable that holds its URL) or --config FILE.',
  ],
  [
    'ewallet-mapping check --config sink.json --mapping missing.yml',
    2,
    'ewallet-mapping: The mapping missing.yml cannot be read, there is no such file (ENOENT): write one by `ewallet-mapping propose --out missing.yml`.',
  ],
  ['ewallet-mapping propose --config sink.json', 3, `ewallet-mapping: ${REFUSED}`],
  ['ewallet-dashboards bogus', 1, "error: unknown command 'bogus'"],
  ['ewallet-dashboards plan', 1, 'ewallet-dashboards: No Metabase given: use --url or set METABASE_URL.'],
  [
    'ewallet-dashboards plan --url http://127.0.0.1:2',
    1,
    'ewallet-dashboards: Asking for the version: no answer from http://127.0.0.1:2 (ECONNREFUSED). Check --url (or METABASE_URL), and that Metabase runs.',
  ],
  [
    'ewallet-dashboards validate --content missing',
    1,
    'ewallet-dashboards: There is no content in missing: the folder cannot be read. Name another with --content.',
  ],
  ['ewallet-dashboards preview --warehouse postgresql://u:secret@127.0.0.1:1/w', 1, `ewallet-dashboards: ${REFUSED}`],
  ['local-stack bogus', 1, "error: unknown command 'bogus'"],
  [
    'local-stack up --source-port many',
    1,
    "error: option '--source-port <port>' argument 'many' is invalid. a port is a whole number from 1 to 65535",
  ],
  ['local-stack status --dir missing', 1, 'local-stack: no stack runs in missing'],
  ['local-stack down --dir missing', 0, 'no stack runs in missing'],
];

async function typed(line: string) {
  const [program = '', ...args] = line.split(' ');
  const env = { METABASE_URL: '', METABASE_USER: 'a', METABASE_PASSWORD: 'secret', EWALLET_WAREHOUSE_URL: '' };
  const { code, stdout, stderr } = await runCommand(program, args, { cwd: directory, env });
  return { typed: line, code, stdout, stderr };
}

test(
  'every failure that needs no server says what failed, on what, and what to do, on standard error alone',
  async () => {
    const seen = await inTurns(PLAIN, async ([line]) => typed(line));
    expect(seen).toEqual(
      PLAIN.map(([line, code, stderr]) => ({ typed: line, code, stdout: '', stderr: `${stderr}\n` })),
    );
  },
  4 * PATIENCE,
);

/** Connectors answer in the protocol: `check` says FAILED and ends with 0, everything else traces its error and ends with 1. */
const CHECKED: readonly (readonly [typed: string, message: string])[] = [
  [
    'source-ewallet check --config missing.json',
    'The configuration missing.json cannot be read: there is no such file (ENOENT).',
  ],
  ['source-ewallet check --config yaml.json', `The configuration yaml.json ${NOT_JSON}`],
  ['source-ewallet check --config list.json', 'The configuration is not a JSON object.'],
  ['source-ewallet check --config empty.json', '`host` is missing.'],
  ['source-ewallet check --config typo.json', 'Unknown key `hosst`: did you mean `host`?'],
  ['source-ewallet check --config source.json', REFUSED],
  ['destination-kafka check --config yaml.json', `The configuration yaml.json ${NOT_JSON}`],
  ['destination-kafka check --config empty.json', '`bootstrap_servers` is missing.'],
];

const TRACED: readonly (readonly [typed: string, kind: string, message: string])[] = [
  [
    'source-ewallet chek --config source.json',
    'config_error',
    "unknown command 'chek' (Did you mean check?). source-ewallet --help lists the commands.",
  ],
  [
    'source-ewallet read --config source.json',
    'config_error',
    "required option '--catalog <file>' not specified. source-ewallet --help lists the commands.",
  ],
  [
    'source-ewallet read --config source.json --catalog missing.json',
    'config_error',
    'The catalogue missing.json cannot be read: there is no such file (ENOENT).',
  ],
  [
    'source-ewallet read --config source.json --catalog empty.json',
    'config_error',
    'The catalogue has no list `streams`.',
  ],
  ['source-ewallet discover --config source.json', 'transient_error', REFUSED],
  ['destination-kafka bogus', 'config_error', "unknown command 'bogus'. destination-kafka --help lists the commands."],
];

test(
  'connectors say the same of themselves as one message of the protocol',
  async () => {
    const checked = await inTurns(CHECKED, async ([line]) => typed(line));
    expect(checked).toEqual(
      CHECKED.map(([line, message]) => ({
        typed: line,
        code: 0,
        stdout: `${JSON.stringify({ connectionStatus: { status: 'FAILED', message }, type: 'CONNECTION_STATUS' })}\n`,
        stderr: '',
      })),
    );
    const traced = await inTurns(TRACED, async ([line]) => {
      const { code, stdout, stderr } = await typed(line);
      const { trace } = JSON.parse(stdout) as {
        readonly trace: { readonly error: { readonly message: string; readonly failure_type: string } };
      };
      return [line, trace.error.failure_type, trace.error.message, code, stderr];
    });
    expect(traced).toEqual(TRACED.map((row) => [...row, 1, '']));
  },
  4 * PATIENCE,
);

/** Two processes at a time. */
async function inTurns<In, Out>(rows: readonly In[], work: (row: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  for (let at = 0; at < rows.length; at += 2) {
    results.push(...(await Promise.all(rows.slice(at, at + 2).map(work))));
  }
  return results;
}
