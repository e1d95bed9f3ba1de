export { commandLine } from './command-line';
export { askedLogFormat, LOG_FORMAT_VARIABLE, LOG_FORMATS, logLine, LogOutput, type LogFormat } from './log-output';
export { serveMetrics, type Readiness, type Shown } from './metrics-server';
export { listen, parsePort, type Listening, type ListenRequest } from './listen';
export { pause } from './pause';
export { runToEnd, type Ends } from './run-to-end';
export { untilStopped } from './until-stopped';
