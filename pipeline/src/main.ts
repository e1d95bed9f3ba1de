import { LogOutput, runToEnd } from '@ewallet/command-line';
import { EXIT, program } from './program';

void runToEnd(program(process.stdout), LogOutput.of('ewallet-pipeline'), { exit: EXIT }).finally(() => {
  // A part that never answered may hold a socket open for as long as its system lets it: what was to be said is said.
  process.stdout.write('', () => process.exit());
});
