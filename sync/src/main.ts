import { LogOutput, runToEnd } from '@ewallet/command-line';
import { ENDS, program } from './program';

void runToEnd(program(process.stdout, process.stderr), LogOutput.of('ewallet-sync'), ENDS);
