import { AirbyteMessageType, type AirbyteMessage } from './protocol';

/**
 * Messages that are JSON lines already, each ended by a newline: RECORDs built without an object per row, or a STATE that a
 * destination echoes byte for byte. The type is that of all of them.
 */
export class SerialisedLines implements AirbyteMessage {
  constructor(
    readonly type: AirbyteMessageType,
    readonly bytes: Uint8Array,
    /** Called by who wrote the bytes, once nothing reads them any more: their memory may be used again. */
    readonly written?: () => void,
  ) {}

  static records(bytes: Uint8Array, written?: () => void): SerialisedLines {
    return new SerialisedLines(AirbyteMessageType.RECORD, bytes, written);
  }

  static state(bytes: Uint8Array): SerialisedLines {
    return new SerialisedLines(AirbyteMessageType.STATE, bytes);
  }
}
