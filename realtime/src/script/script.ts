import type { RealtimeConfig } from '../config/realtime-config';
import { inputTypes, type Input } from '../inputs/input-types';
import type { Product } from '../products/product';
import { productOf } from '../products/products';
import { RISK_RULES } from '../products/rule-products';
import { signalsOf } from '../signals/signals';
import { movementViews } from './movements';
import { resultQuery } from './results';
import { sessionViews } from './sessions';
import { identifier, literal } from './sql-text';
import { inputTable, inputView, outputTable, ownTable } from './tables';

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
  const types = inputTypes(inputs);
  const signals = config.rules === undefined ? [] : signalsOf(config.rules, config.correctionDays, types);
  const outputs: { readonly table: string; readonly sink: string; readonly query: string }[] = [];
  for (const name of config.products) {
    const product = productOf(name, types);
    if (name === 'alerts') {
      for (const signal of signals) {
        const sink = `${name}_${signal.name}_result`;
        outputs.push({ table: outputTable(config, product, signal.name), sink, query: signal.query });
      }
    } else {
      outputs.push({ table: outputTable(config, product), sink: `${name}_result`, query: resultQuery(name, types) });
    }
  }
  const settings = {
    'pipeline.name': jobName(config),
    'table.local-time-zone': 'UTC',
    // Views that several results read are planned as one part of the job. Else each result has its own copy of them, with
    // only the columns it needs: six times the state of transactions, and a third more CPU time per event (#20).
    'table.optimizer.reuse-optimize-block-with-digest-enabled': 'true',
    'parallelism.default': String(config.parallelism),
  };
  return [
    ...Object.entries(settings).map(([key, value]) => `SET ${literal(key)} = ${literal(value)};`),
    ...inputs.flatMap((input) => [inputTable(config, input), inputView(input)]),
    ...(signals.length > 0 ? [ownTable(config, RISK_RULES)] : []),
    ...(inputs.some(({ name }) => name === 'owners') ? movementViews(inputs) : []),
    ...(config.products.includes('sessions') ? sessionViews(config.sessionMinutes) : []),
    ...signals.flatMap((signal) => signal.views),
    ...outputs.map((output) => output.table),
    `EXECUTE STATEMENT SET\nBEGIN\n${outputs
      .map(({ sink, query }) => `INSERT INTO ${identifier(sink)}\n${query};`)
      .join('\n\n')}\nEND;`,
    '',
  ].join('\n\n');
}
