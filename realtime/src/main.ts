import { exitCodeOf, messageOf, program } from './program';

program(process.stdout, process.stderr)
  .parseAsync()
  .catch((error: unknown) => {
    const message = messageOf(error);
    if (message !== undefined) process.stderr.write(`ewallet-realtime: ${message}\n`);
    process.exitCode = exitCodeOf(error);
  });
