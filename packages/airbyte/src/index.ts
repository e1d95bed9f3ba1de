export { AirbyteCatalogMessage, AirbyteConnectionStatusMessage, AirbyteSpec } from 'faros-airbyte-cdk/lib/protocol';
export { parseConfiguredCatalog } from './configured-catalog';
export { Destination, Source, type ConnectorContext } from './connector';
export { ConnectorLog, logLevelFrom } from './connector-log';
export { parseInputState, type InputState, type InputStreamState } from './input-state';
export { readJsonInput } from './json-input';
export { readLineBatches } from './line-reader';
export { MessageWriter } from './message-writer';
export {
  analyticsMessage,
  errorMessage,
  estimateMessage,
  globalStateMessage,
  logMessage,
  recordMessage,
  streamStateMessage,
  streamStatusMessage,
} from './messages';
export { runAsProcess } from './process-surroundings';
export * from './protocol';
export { ReportedFailure, runDestination, runSource, type ExitCode, type Surroundings } from './runner';
export { serialise } from './serialise';
export { SerialisedLines } from './serialised-lines';
