import { asFailure } from '@ewallet/failure';
import { program } from './program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`bench: ${asFailure(error).message}\n`);
    process.exitCode = 1;
  });
