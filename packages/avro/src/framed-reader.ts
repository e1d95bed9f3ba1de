import type { Type } from 'avsc';
import { exactAvroType } from './exact-avro-type';
import { FRAME_BYTES, framedSchemaId } from './framing';
import type { SchemaRegistry } from './registry';

/** Reads Avro in Confluent's frame by the schema that it names. Each schema is fetched once and kept. */
export class FramedReader {
  private readonly types = new Map<number, Type>();

  constructor(private readonly registry: SchemaRegistry) {}

  /**
   * @returns the value as {@link exactAvroType} gives it
   * @throws Failure where the bytes are in no frame, or the registry cannot be reached or does not know the schema
   */
  async read(bytes: Buffer): Promise<unknown> {
    const id = framedSchemaId(bytes);
    const type = this.types.get(id) ?? exactAvroType(await this.registry.schemaById(id));
    this.types.set(id, type);
    return type.fromBuffer(bytes.subarray(FRAME_BYTES));
  }
}
