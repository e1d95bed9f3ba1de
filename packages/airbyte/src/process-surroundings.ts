import { asFailure } from '@ewallet/failure';
import { errorMessage } from './messages';
import type { ExitCode, Surroundings } from './runner';
import { serialise } from './serialise';

/**
 * Runs a connector as this process: its arguments, its streams, its signals, its exit code. The second signal ends it at
 * once, for a person who does not want to wait.
 */
export async function runAsProcess(main: (surroundings: Surroundings) => Promise<ExitCode>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      stop.abort();
      process.once(name, () => process.exit(143));
    });
  }
  // The CDK's runner prints these through its logger; here they go the same way as every other failure.
  process.on('uncaughtException', (error) => {
    process.stdout.write(`${serialise(errorMessage(asFailure(error), Date.now()))}\n`, () => process.exit(1));
  });
  const code = await main({
    argv: process.argv.slice(2),
    stdin: process.stdin,
    stdout: process.stdout,
    environment: process.env,
    signal: stop.signal,
    now: Date.now,
  });
  process.exit(code);
}
