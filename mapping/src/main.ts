import { LogOutput } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import { exitCodeOf, messageOf, program } from './program';

const err = LogOutput.of('ewallet-mapping');
program(process.stdout, err)
  .parseAsync()
  .catch((error: unknown) => {
    const message = messageOf(error);
    if (message !== undefined) err.fail(message, asFailure(error).kind);
    process.exitCode = exitCodeOf(error);
  });
