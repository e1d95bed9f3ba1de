import { commandLine, LogOutput } from '@ewallet/command-line';
import { asFailure, Failure } from '@ewallet/failure';
import { AirbyteClient, type Authentication } from './airbyte-client';
import { apply, type Outcome } from './apply';
import { readSetup } from './setup-file';

interface Flags {
  readonly config: string;
  readonly url: string;
  readonly dryRun: boolean;
  readonly rotateSecrets: boolean;
  readonly sync: boolean;
  readonly json: boolean;
}

/** Exit code of a dry run that would write: scripts can tell it from nothing to do (0) and from a failure (1). */
const CHANGES_PENDING = 2;

const program = commandLine('ewallet-airbyte').description(
  "Creates the connectors, the connection and its schedule in an Airbyte, through Airbyte's public API",
);

program
  .command('apply')
  .description('Makes Airbyte hold what the file says; a second run finds nothing to do')
  .option(
    '--config <file>',
    'the set-up file (YAML or JSON); ${NAME} is taken from the environment',
    'deploy/airbyte/setup.yaml',
  )
  .option(
    '--url <url>',
    'the public API with its version',
    process.env.AIRBYTE_URL ?? 'http://localhost:8000/api/public/v1',
  )
  .option('--dry-run', 'show what would be done; exit code 2 when there is something to do', false)
  .option('--rotate-secrets', 'write the configurations even where only a secret may differ', false)
  .option('--sync', 'start a sync at the end', false)
  .option('--json', 'print one JSON object instead of lines', false)
  .addHelpText(
    'after',
    '\nAuthentication: AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (`abctl local credentials` prints them), or AIRBYTE_TOKEN.',
  )
  .action(async (flags: Flags) => {
    const setup = await readSetup(flags.config, process.env);
    const client = new AirbyteClient({
      url: flags.url,
      authentication: authentication(process.env),
      // Creating a source makes Airbyte start its container and check the connection.
      timeoutMs: 300_000,
      retryDelaysMs: [500, 2_000, 5_000],
    });
    const outcomes = await apply(
      client,
      setup,
      { dryRun: flags.dryRun, writeSecrets: flags.rotateSecrets, sync: flags.sync },
      (outcome) => {
        if (!flags.json) process.stdout.write(`${line(outcome, flags.dryRun)}\n`);
      },
    );
    if (flags.json) process.stdout.write(`${JSON.stringify({ outcomes })}\n`);
    if (flags.dryRun && outcomes.some(({ action }) => action !== 'kept')) process.exitCode = CHANGES_PENDING;
  });

program.parseAsync().catch((error: unknown) => {
  const failure = asFailure(error);
  LogOutput.of('ewallet-airbyte').fail(failure.message, failure.kind, `${failure.kind}: ${failure.message}`);
  process.exitCode = 1;
});

function authentication(environment: NodeJS.ProcessEnv): Authentication {
  const { AIRBYTE_TOKEN: token, AIRBYTE_CLIENT_ID: clientId, AIRBYTE_CLIENT_SECRET: clientSecret } = environment;
  if (token !== undefined) return { kind: 'token', token };
  if (clientId !== undefined && clientSecret !== undefined) return { kind: 'application', clientId, clientSecret };
  if (clientId !== undefined || clientSecret !== undefined) {
    throw Failure.config('Set both AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET.');
  }
  return { kind: 'none' };
}

function line(outcome: Outcome, dryRun: boolean): string {
  const would = dryRun && outcome.action !== 'kept' ? 'to be ' : '';
  const changes = outcome.changes.length === 0 ? '' : `: ${outcome.changes.join(', ')}`;
  const id = outcome.id === undefined ? '' : `  ${outcome.id}`;
  return `${outcome.what.padEnd(22)} ${outcome.name.padEnd(28)} ${would}${outcome.action}${changes}${id}`;
}
