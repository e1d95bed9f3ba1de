export { commandLine } from './command-line';
export { serveMetrics, type Readiness, type Shown } from './metrics-server';
export { listen, parsePort, type Listening, type ListenRequest } from './listen';
export { untilStopped } from './until-stopped';
