import { Failure, isFailure } from '@ewallet/failure';
import {
  describeWriterSchema,
  exactAvroType,
  isControlSchema,
  NAME_PROPERTY,
  parseControl,
  type Control,
  type SchemaRegistry,
  type WriterSchema,
} from '@ewallet/avro';
import { OriginReader } from '../avro/record-origin';
import { RowEncoder } from '../avro/row-encoder';
import { UNNAMED } from '../tables/key-rule';

/** What a schema id stands for. */
export type KnownSchema =
  /** No record but one value, as keys of other producers often are. */
  | { readonly kind: 'single'; readonly schema: WriterSchema; readonly stream: undefined }
  | {
      readonly kind: 'rows';
      readonly schema: WriterSchema;
      readonly stream: string | undefined;
      readonly origin: OriginReader;
    }
  | { readonly kind: 'control'; readonly read: (bytes: Buffer, start: number, end: number) => Control };

/** Writer schemas by id. Ids are never used again for another schema, so they are kept for as long as the process lives. */
export class WriterSchemas {
  private readonly known = new Map<number, KnownSchema>();

  constructor(private readonly registry: SchemaRegistry) {}

  get(id: number): KnownSchema | undefined {
    return this.known.get(id);
  }

  /** @throws Failure when the registry cannot be reached, does not know the id, or the schema is nothing that can be read */
  async load(id: number): Promise<KnownSchema> {
    const present = this.known.get(id);
    if (present !== undefined) return present;
    const avro = await this.registry.schemaById(id);
    const loaded = describeOrRefuse(id, avro);
    this.known.set(id, loaded);
    return loaded;
  }
}

/** Whatever is wrong with a schema is wrong with the records that name it, and with nothing else. */
function describeOrRefuse(id: number, avro: unknown): KnownSchema {
  try {
    const known = describe(avro);
    if (known.kind !== 'control') new RowEncoder(known.schema, [], 0);
    return known;
  } catch (error) {
    if (isFailure(error) && error.kind === 'config_error') throw error;
    throw Failure.config(
      `Schema id ${id} cannot be read: ${error instanceof Error ? error.message : String(error)}. Correct the producer's schema`,
      { cause: error },
    );
  }
}

function describe(avro: unknown): KnownSchema {
  if (!isRecord(avro)) {
    const wrapped = { type: 'record', name: 'single', fields: [{ name: UNNAMED, type: avro }] };
    return { kind: 'single', schema: describeWriterSchema(wrapped), stream: undefined };
  }
  if (isControlSchema(avro)) {
    const type = exactAvroType(avro);
    return {
      kind: 'control',
      read: (bytes, start, end) => parseControl(type.fromBuffer(bytes.subarray(start, end))),
    };
  }
  const stream = avro[NAME_PROPERTY];
  const schema = describeWriterSchema(avro);
  return {
    kind: 'rows',
    schema,
    origin: new OriginReader(schema),
    stream: typeof stream === 'string' ? stream : undefined,
  };
}

function isRecord(avro: unknown): avro is Record<string, unknown> {
  return typeof avro === 'object' && avro !== null && 'type' in avro && avro.type === 'record';
}
