import { LogOutput } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { program } from './simulator/program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    const failure = asFailure(error);
    LogOutput.of('ewallet-simulator').fail(failure.message, failure.kind);
    process.exitCode = 1;
  });
