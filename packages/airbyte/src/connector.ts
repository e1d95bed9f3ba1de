import type { Readable } from 'node:stream';
import { AirbyteConnector } from 'faros-airbyte-cdk/lib/connector';
import { AirbyteSource } from 'faros-airbyte-cdk/lib/sources/source';
import type { AirbyteConfig } from 'faros-airbyte-cdk/lib/protocol';
import type { Span } from '@ewallet/tracing';
import type { ConnectorLog } from './connector-log';
import type { ConfiguredCatalog, AirbyteMessage } from './protocol';
import { parseConfiguredCatalog } from './configured-catalog';
import { parseInputState, type InputState } from './input-state';

/** What the runner gives a connector beside its arguments. */
export interface ConnectorContext {
  readonly log: ConnectorLog;
  /** Aborted by SIGTERM or SIGINT: finish what is safe, give the last state, return. */
  readonly signal: AbortSignal;
  /** What the command does, in the trace of its sync; where nothing is traced it costs nothing. */
  readonly span: Span;
}

/**
 * A source of the CDK whose catalogue and state are parsed before it sees them. `check` throws a Failure for what the user
 * has to change.
 */
export abstract class Source extends AirbyteSource<AirbyteConfig> {
  /** The CDK's second argument is a copy of the configuration without secrets, to log; we log none. */
  override read(
    config: AirbyteConfig,
    _redactedConfig: AirbyteConfig,
    catalog: unknown,
    state: unknown,
  ): AsyncGenerator<AirbyteMessage> {
    return this.readStreams(config, parseConfiguredCatalog(catalog), parseInputState(state));
  }

  abstract readStreams(
    config: AirbyteConfig,
    catalog: ConfiguredCatalog,
    state: InputState,
  ): AsyncGenerator<AirbyteMessage>;

  /**
   * Reads on after it has caught up, until it is stopped or nobody keeps states any more; absent where a source cannot.
   *
   * @param acknowledged states that are safe for good, in order; what ends them ends the reading
   */
  follow?(
    config: AirbyteConfig,
    catalog: ConfiguredCatalog,
    state: InputState,
    acknowledged: AsyncIterable<InputState>,
  ): AsyncGenerator<AirbyteMessage>;

  /** Tells the source's server that a state is safe; absent where no source's server wants to know. */
  confirm?(config: AirbyteConfig, state: InputState): Promise<void>;
}

/** A destination takes bytes, where the CDK's takes text and gives objects, so that it can echo a STATE exactly. */
export abstract class Destination extends AirbyteConnector {
  abstract write(config: AirbyteConfig, catalog: ConfiguredCatalog, stdin: Readable): AsyncGenerator<AirbyteMessage>;
}
