import { LogOutput, runToEnd } from '@ewallet/command-line';
import { EXIT, program } from './program';

const err = LogOutput.of('ewallet-realtime');
void runToEnd(program(process.stdout, err), err, { exit: EXIT });
