import { LogOutput } from '@ewallet/command-line';
import { run } from './cli';

const err = LogOutput.of('ewallet-dashboards');
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stop.abort();
    // What cannot be stopped in between, as an apply, ends as it would without this handler.
    if (!process.argv.includes('--serve')) process.exit(130);
  });

void run(process.argv.slice(2), {
  environment: process.env,
  say: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => {
    err.complain(line);
  },
  stop: stop.signal,
}).then((code) => {
  process.exitCode = code;
});
