import { commandLine, LogOutput } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';

const program = commandLine('sink-warehouse').description(
  'Lands Avro records of Kafka topics in a PostgreSQL warehouse, each exactly once',
);

// Each command loads what it needs when it is called: all of them took 0.35 s of processor time before a help text.
const withConfig = (name: string, description: string) =>
  program
    .command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration, JSON or .properties');

withConfig('run', 'land records until told to stop').action(async ({ config }: { config: string }) => {
  const { runCommand } = await import('./commands/run.js');
  await runCommand(config);
});
withConfig('validate', 'check the configuration, and that Kafka, registry and warehouse can be reached').action(
  async ({ config }: { config: string }) => {
    const { validateCommand } = await import('./commands/validate.js');
    await validateCommand(config);
  },
);
withConfig('offsets', 'show how far the warehouse is, as JSON lines').action(async ({ config }: { config: string }) => {
  const { offsetsCommand } = await import('./commands/offsets.js');
  await offsetsCommand(config);
});

withConfig('reconcile', 'read the topics again and prove that every record landed once').action(
  async ({ config }: { config: string }) => {
    const { reconcileCommand } = await import('./commands/reconcile.js');
    await reconcileCommand(config);
  },
);
withConfig('replay', 'put dead letters back at the end of their topics').action(
  async ({ config }: { config: string }) => {
    const { replayCommand } = await import('./commands/replay.js');
    await replayCommand(config);
  },
);

program.parseAsync().catch((error: unknown) => {
  const failure = asFailure(error);
  const stack = failure.kind === 'system_error' && failure.stack !== undefined ? `\n${failure.stack}` : '';
  LogOutput.of('sink-warehouse').fail(failure.message, failure.kind, `sink-warehouse: ${failure.message}${stack}`);
  // What a user has to mend and what may pass by itself are told apart, for scripts that start the sink again.
  process.exitCode = failure.kind === 'config_error' ? 2 : 1;
});
