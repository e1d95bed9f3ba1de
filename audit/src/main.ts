import { LogOutput, runToEnd } from '@ewallet/command-line';
import { ENDS, program } from './program';

const err = LogOutput.of('ewallet-audit');
void runToEnd(program(process.stdout, err), err, ENDS);
