import { exactAvroType, frame, type AvroType, type SchemaRegistry } from '@ewallet/avro';
import { keySchema, valueSchema, type Product } from '../products/product';
import { registerSchemas } from './schemas';

interface FramedType {
  readonly id: number;
  readonly type: AvroType;
}

/** Writes rows of one of our topics as Flink writes a result's: Avro by registered schemas. */
export class ProductEncoder {
  private constructor(
    readonly topic: string,
    private readonly product: Product,
    private readonly key: FramedType,
    private readonly value: FramedType,
  ) {}

  /** Registers the schemas. @throws Failure where that would break readers */
  static async open(registry: SchemaRegistry, prefix: string, product: Product): Promise<ProductEncoder> {
    const ids = await registerSchemas(registry, prefix, product);
    const key = { id: ids.key, type: exactAvroType(keySchema(product)) };
    const value = { id: ids.value, type: exactAvroType(valueSchema(product)) };
    return new ProductEncoder(`${prefix}.${product.name}`, product, key, value);
  }

  /** @param row every column; times in microseconds, decimals as exact text */
  message(row: Readonly<Record<string, unknown>>): { readonly key: Buffer; readonly value: Buffer } {
    const key = Object.fromEntries(this.product.key.map(({ name }) => [name, row[name]]));
    return { key: encode(this.key, key), value: encode(this.value, row) };
  }
}

function encode({ id, type }: FramedType, value: unknown): Buffer {
  return frame(id, type.toBuffer(value));
}
