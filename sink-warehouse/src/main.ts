import { commandLine } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { offsetsCommand } from './commands/offsets';
import { reconcileCommand } from './commands/reconcile';
import { replayCommand } from './commands/replay';
import { runCommand } from './commands/run';
import { validateCommand } from './commands/validate';

const program = commandLine('sink-warehouse').description(
  'Lands Avro records of Kafka topics in a PostgreSQL warehouse, each exactly once',
);

const withConfig = (name: string, description: string) =>
  program
    .command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration, JSON or .properties');

withConfig('run', 'land records until told to stop').action(async ({ config }: { config: string }) => {
  await runCommand(config);
});
withConfig('validate', 'check the configuration, and that Kafka, registry and warehouse can be reached').action(
  async ({ config }: { config: string }) => {
    await validateCommand(config);
  },
);
withConfig('offsets', 'show how far the warehouse is, as JSON lines').action(async ({ config }: { config: string }) => {
  await offsetsCommand(config);
});

withConfig('reconcile', 'read the topics again and prove that every record landed once').action(
  async ({ config }: { config: string }) => {
    await reconcileCommand(config);
  },
);
withConfig('replay', 'put dead letters back at the end of their topics').action(
  async ({ config }: { config: string }) => {
    await replayCommand(config);
  },
);

program.parseAsync().catch((error: unknown) => {
  const failure = asFailure(error);
  process.stderr.write(`${failure.message}\n`);
  if (failure.kind === 'system_error' && failure.stack !== undefined) process.stderr.write(`${failure.stack}\n`);
  // What a user has to mend and what may pass by itself are told apart, for scripts that start the sink again.
  process.exitCode = failure.kind === 'config_error' ? 2 : 1;
});
