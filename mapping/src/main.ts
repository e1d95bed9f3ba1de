import { LogOutput, runToEnd } from '@ewallet/command-line';
import { ENDS, program } from './program';

const err = LogOutput.of('ewallet-mapping');
void runToEnd(program(process.stdout, err), err, ENDS);
