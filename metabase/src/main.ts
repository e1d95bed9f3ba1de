import { asFailure } from '@ewallet/failure';
import { program } from './cli';

program()
  .parseAsync()
  .catch((error: unknown) => {
    const failure = asFailure(error);
    process.stderr.write(`ewallet-dashboards: ${failure.message}\n`);
    if (failure.detail !== undefined) process.stderr.write(`${failure.detail}\n`);
    process.exitCode = 1;
  });
