/**
 * The Airbyte protocol's shapes: the CDK's own where it has them, completed where 0.11.26 is behind the protocol
 * (namespaces of records, refreshes, STREAM state with counts, stream status, estimates, transient errors).
 *
 * @see https://github.com/airbytehq/airbyte-protocol protocol 0.18
 */
import {
  AirbyteConnectionStatus,
  AirbyteLogLevel,
  AirbyteMessageType,
  DestinationSyncMode,
  SyncMode,
  type AirbyteMessage,
  type AirbyteStream,
} from 'faros-airbyte-cdk/lib/protocol';

export { AirbyteConnectionStatus, AirbyteLogLevel, AirbyteMessageType, DestinationSyncMode, SyncMode };
export type { AirbyteMessage };

export type JsonObject = Readonly<Record<string, unknown>>;

export interface StreamDescriptor {
  readonly name: string;
  readonly namespace?: string;
}

/** A stream of the catalogue as `discover` offers it. */
export interface CatalogStream extends AirbyteStream {
  readonly is_resumable?: boolean;
}

/** The sync modes the protocol has and the CDK's enum does not. */
export type ConfiguredDestinationSyncMode = `${DestinationSyncMode}` | 'update' | 'soft_delete';

/** A stream as the user configured it, parsed: absent and null are the same, lists are lists. */
export interface ConfiguredStream {
  readonly descriptor: StreamDescriptor;
  readonly jsonSchema: JsonObject;
  readonly syncMode: `${SyncMode}`;
  readonly destinationSyncMode: ConfiguredDestinationSyncMode;
  readonly cursorField: readonly string[];
  /** Paths of the key's fields; empty where the stream has none. */
  readonly primaryKey: readonly (readonly string[])[];
  /** Refreshes: records of a generation below `minimumGenerationId` are to go once the sync is complete. */
  readonly generationId: number | undefined;
  readonly minimumGenerationId: number | undefined;
  readonly syncId: number | undefined;
  /** Whether the source continues from a state; undefined where the platform does not say, as Airbyte does not. */
  readonly resumesFromState: boolean | undefined;
  readonly isResumable: boolean;
  /** Rows that are named by their keys; undefined where nobody names any, as Airbyte does not. */
  readonly askedKeys: AskedKeys | undefined;
}

/** Member `asked_keys` of a configured stream. Not in Airbyte's protocol: other connectors pass over it. */
export interface AskedKeys {
  /**
   * `only`: nothing but these rows is read; each is sent as it is now, or as deleted where it is gone. `deleted`: before
   * the stream is read as always, those of these rows that are gone are sent as deleted.
   */
  readonly mode: 'only' | 'deleted';
  /** Names of the key's columns. */
  readonly columns: readonly string[];
  /** A list per row: values in the order of the columns, as PostgreSQL's text. */
  readonly values: readonly (readonly string[])[];
}

export interface ConfiguredCatalog {
  readonly streams: readonly ConfiguredStream[];
}

export interface StateStats {
  readonly recordCount: number;
  readonly rejectedRecordCount?: number;
}

export interface StreamStateMessage extends AirbyteMessage {
  readonly type: AirbyteMessageType.STATE;
  readonly state: {
    readonly type: 'STREAM';
    readonly stream: { readonly stream_descriptor: StreamDescriptor; readonly stream_state: JsonObject };
    readonly sourceStats?: StateStats;
    readonly destinationStats?: StateStats;
  };
}

/** State of all streams together: of a change stream that holds the changes of all tables in one order. */
export interface GlobalStateMessage extends AirbyteMessage {
  readonly type: AirbyteMessageType.STATE;
  readonly state: {
    readonly type: 'GLOBAL';
    readonly global: {
      readonly shared_state: JsonObject;
      readonly stream_states: readonly {
        readonly stream_descriptor: StreamDescriptor;
        readonly stream_state: JsonObject;
      }[];
    };
    readonly sourceStats?: StateStats;
    readonly destinationStats?: StateStats;
  };
}

export interface FieldChange {
  readonly field: string;
  readonly change: 'NULLED' | 'TRUNCATED';
  readonly reason: string;
}

export interface RecordMessage extends AirbyteMessage {
  readonly type: AirbyteMessageType.RECORD;
  readonly record: {
    readonly stream: string;
    readonly namespace?: string;
    readonly emitted_at: number;
    readonly data: JsonObject;
    readonly meta?: { readonly changes: readonly FieldChange[] };
  };
}

export type StreamStatus = 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE';

export type Trace =
  | {
      readonly type: 'ERROR';
      readonly emitted_at: number;
      readonly error: {
        readonly message: string;
        readonly internal_message?: string;
        readonly stack_trace?: string;
        readonly failure_type: 'system_error' | 'config_error' | 'transient_error';
        readonly stream_descriptor?: StreamDescriptor;
      };
    }
  | {
      readonly type: 'STREAM_STATUS';
      readonly emitted_at: number;
      readonly stream_status: { readonly stream_descriptor: StreamDescriptor; readonly status: StreamStatus };
    }
  | {
      readonly type: 'ESTIMATE';
      readonly emitted_at: number;
      readonly estimate: {
        readonly name: string;
        readonly namespace?: string;
        readonly type: 'STREAM' | 'SYNC';
        readonly row_estimate?: number;
        readonly byte_estimate?: number;
      };
    }
  | {
      readonly type: 'ANALYTICS';
      readonly emitted_at: number;
      /** A measurement by its name. */
      readonly analytics: { readonly type: string; readonly value: string };
    };

export interface TraceMessage extends AirbyteMessage {
  readonly type: AirbyteMessageType.TRACE;
  readonly trace: Trace;
}

export interface LogMessage extends AirbyteMessage {
  readonly type: AirbyteMessageType.LOG;
  readonly log: { readonly level: AirbyteLogLevel; readonly message: string; readonly stack_trace?: string };
}
