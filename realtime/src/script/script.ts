import type { RealtimeConfig } from '../config/realtime-config';
import { inputTypes, type Input } from '../inputs/input-types';
import type { Product } from '../products/product';
import { productOf } from '../products/products';
import { resultQuery } from './results';
import { identifier, literal } from './sql-text';
import { inputTable, inputView, outputTable } from './tables';

/** The job's name on a cluster: by it `status` and `stop` find it again. */
export function jobName(config: RealtimeConfig): string {
  return `ewallet-realtime ${config.topicPrefix}`;
}

/** The results' topics, as they are registered and made before the job starts. */
export function productsOf(config: RealtimeConfig, inputs: readonly Input[]): readonly Product[] {
  const types = inputTypes(inputs);
  return config.products.map((name) => productOf(name, types));
}

/** The whole job as one script of Flink SQL. */
export function jobScript(config: RealtimeConfig, inputs: readonly Input[]): string {
  const outputs = productsOf(config, inputs).map((product) => ({ product, query: resultQuery(product.name) }));
  const settings = {
    'pipeline.name': jobName(config),
    'table.local-time-zone': 'UTC',
    'parallelism.default': String(config.parallelism),
  };
  return [
    ...Object.entries(settings).map(([key, value]) => `SET ${literal(key)} = ${literal(value)};`),
    ...inputs.flatMap((input) => [inputTable(config, input), inputView(input)]),
    ...outputs.map(({ product }) => outputTable(config, product)),
    `EXECUTE STATEMENT SET\nBEGIN\n${outputs
      .map(({ product, query }) => `INSERT INTO ${identifier(`${product.name}_result`)}\n${query};`)
      .join('\n\n')}\nEND;`,
    '',
  ].join('\n\n');
}
