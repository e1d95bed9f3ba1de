export { commandLine } from './command-line';
export { listen, parsePort, type Listening, type ListenRequest } from './listen';
export { untilStopped } from './until-stopped';
