export { hasEnded, newerState, readFailure, readJobs, rootCause, type Job } from './job';
export { readHealth, readPendingRecords, type JobHealth } from './health';
export type { FlinkReader } from './reader';
