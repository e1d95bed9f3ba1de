import { avroType, type Column } from './column';

/** A topic that others build on: its columns and its key are a contract. */
export interface Product {
  readonly name: string;
  readonly key: readonly Column[];
  readonly values: readonly Column[];
}

const NAMESPACE = 'ewallet.realtime';

export function keySchema(product: Product): unknown {
  return { type: 'record', name: `${product.name}_key`, namespace: NAMESPACE, fields: product.key.map(required) };
}

/** Key columns are in the value too, so that a reader needs no key. The others are nullable: a column may be added. */
export function valueSchema(product: Product): unknown {
  const fields = [...product.key.map(required), ...product.values.map(optional)];
  return { type: 'record', name: product.name, namespace: NAMESPACE, fields };
}

function required({ name, type }: Column): unknown {
  return { name, type: avroType(type) };
}

function optional({ name, type }: Column): unknown {
  return { name, type: ['null', avroType(type)], default: null };
}
