import { LogOutput } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { exitCodeOf, program } from './program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    const { message, kind } = asFailure(error);
    LogOutput.of('ewallet-sync').fail(message, kind);
    process.exitCode = exitCodeOf(error);
  });
