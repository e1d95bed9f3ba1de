import { stopStack } from './stack';

/*
 * A process beside the one that started a stack, which ends the services when that one ends without doing it itself:
 * killed, or crashed. The other end of stdin is in the watched process and closes with it, however it ends.
 */
const [dir = ''] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.resume().once('close', () => {
  stopStack(dir).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
