import { asFailure } from '@ewallet/failure';
import { program } from './simulator/program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    const failure = asFailure(error);
    process.stderr.write(`ewallet-simulator: ${failure.message}\n`);
    process.exitCode = 1;
  });
