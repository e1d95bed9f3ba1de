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
