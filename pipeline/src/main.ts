import { LogOutput } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { exitCodeOf, messageOf, program } from './program';

program(process.stdout)
  .parseAsync()
  .catch((error: unknown) => {
    const message = messageOf(error);
    if (message !== undefined) LogOutput.of('ewallet-pipeline').fail(message, asFailure(error).kind);
    process.exitCode = exitCodeOf(error);
  })
  .finally(() => {
    // A part that never answered may hold a socket open for as long as its system lets it: what was to be said is said.
    process.stdout.write('', () => process.exit());
  });
