import {
  AirbyteSpec,
  Destination,
  type AirbyteConnectionStatusMessage,
  type AirbyteMessage,
  type ConfiguredCatalog,
  type ConnectorContext,
} from '@ewallet/airbyte';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { check } from './check';
import { parseConfig } from './config/config';
import { write, type WriteSurroundings } from './write/write';

/** The connector: parses its configuration once and hands on. */
export class KafkaDestination extends Destination {
  constructor(
    private readonly context: ConnectorContext,
    private readonly surroundings: WriteSurroundings = {
      now: Date.now,
      counted: () => performance.now(),
    },
  ) {
    super();
  }

  async spec(): Promise<AirbyteSpec> {
    const text = await readFile(path.join(__dirname, '..', 'spec.json'), 'utf8');
    return new AirbyteSpec(JSON.parse(text) as AirbyteSpec['spec']);
  }

  check(config: unknown): Promise<AirbyteConnectionStatusMessage> {
    return check(parseConfig(config), this.surroundings);
  }

  write(config: unknown, catalog: ConfiguredCatalog, stdin: Readable): AsyncGenerator<AirbyteMessage> {
    return write(parseConfig(config), catalog, { stdin, context: this.context, surroundings: this.surroundings });
  }
}
