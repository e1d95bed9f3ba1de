import { asFailure } from '@ewallet/failure';
import { exitCodeOf, program } from './program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`ewallet-sync: ${asFailure(error).message}\n`);
    process.exitCode = exitCodeOf(error);
  });
