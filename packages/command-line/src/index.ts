export { commandLine } from './command-line';
export { untilStopped } from './until-stopped';
