import manifest from '../../../package.json';
import { runCommand } from '../../support/command';

/** Starting a program takes a second on a busy machine. */
const PATIENCE = 60_000;

const PROGRAMS = [
  'source-ewallet',
  'destination-kafka',
  'ewallet-sync',
  'sink-warehouse',
  'ewallet-audit',
  'ewallet-pipeline',
  'ewallet-mapping',
  'ewallet-dashboards',
  'ewallet-airbyte',
  'ewallet-simulator',
  'local-stack',
] as const;

async function run(program: string, ...args: string[]) {
  const { code, stdout, stderr } = await runCommand(program, args);
  return { code, stdout, stderr };
}

test.each(PROGRAMS)(
  '%s --version prints the version and nothing else',
  async (program) => {
    expect(await run(program, '--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  },
  PATIENCE,
);

const hint = "error: unknown option '--confg'\n(Did you mean --config?)\n";

test.each<[string, readonly string[], number]>([
  ['ewallet-sync', ['run'], 1],
  ['sink-warehouse', ['run'], 1],
  ['sink-warehouse', ['validate'], 1],
  ['ewallet-audit', ['run'], 2],
  ['ewallet-pipeline', ['status'], 3],
  ['ewallet-mapping', ['propose'], 2],
])(
  '%s %j --confg names the option that was meant, not the one that is missing',
  async (program, command, code) => {
    expect(await run(program, ...command, '--confg', 'x.json')).toEqual({ code, stdout: '', stderr: hint });
  },
  PATIENCE,
);

test.each<[string, readonly string[], number]>([
  ['ewallet-sync', ['run', '--config', '/missing.json'], 2],
  ['sink-warehouse', ['run', '--config', '/missing.json'], 2],
  ['ewallet-audit', ['run', '--config', '/missing.json'], 2],
  ['ewallet-pipeline', ['status', '--config', '/missing.json'], 3],
  ['ewallet-mapping', ['check', '--config', '/missing.json', '--mapping', '/missing.yaml'], 2],
  ['ewallet-realtime', ['up', '--config', '/missing.json'], 2],
  ['ewallet-airbyte', ['apply', '--config', '/missing.yaml'], 1],
])(
  '%s %j with EWALLET_LOG_FORMAT=json says why it failed with the keys of every log line',
  async (program, command, code) => {
    const plain = await run(program, ...command);
    const asked = await runCommand(program, command, { env: { EWALLET_LOG_FORMAT: 'json' } });
    const { time, message, ...rest } = JSON.parse(asked.stderr) as Record<string, string>;
    expect({ code: asked.code, stdout: asked.stdout, lines: asked.stderr.split('\n').length, rest }).toEqual({
      code,
      stdout: '',
      lines: 2,
      rest: { level: 'fatal', part: program, event: 'failed', kind: 'config_error' },
    });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    // The same words as without it.
    expect(plain.stderr.replace(/^[\w-]+: /, '')).toBe(`${message ?? ''}\n`);
  },
  PATIENCE,
);

test.each([
  ['source-ewallet', ['spec', 'check', 'discover', 'read', 'confirm']],
  ['destination-kafka', ['spec', 'check', 'write']],
] as const)(
  'a bare %s shows its commands on standard error and fails, as the platform always names one',
  async (program, commands) => {
    const { code, stdout, stderr } = await run(program);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^Usage: ${program} \\[options\\] \\[command\\]\n`));
    for (const command of commands) expect(stderr).toMatch(new RegExp(`^  ${command} `, 'm'));
  },
  PATIENCE,
);
