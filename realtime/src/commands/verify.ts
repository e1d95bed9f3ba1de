import { Failure } from '@ewallet/failure';
import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealtimeConfig } from '../config/realtime-config';
import type { Rules } from '../config/rules';
import type { SignalName } from '../config/signal-names';
import { readRules } from '../rules/rule-book';
import type { RuleVersion } from '../rules/rule-version';
import { batchCheck, IN_BATCHES, type BatchProduct } from '../verify/batch';
import { compareRows, type Difference } from '../verify/compare';
import { expectation, VERIFIED, type VerifiedProduct } from '../verify/expected';
import { readResult, type ResultRow } from '../engine/result-topic';
import { readLocalHours } from '../verify/local-hours';
import { compareWithRiskSignals, readRiskSignals } from '../verify/risk-signals';

export interface VerifiedResult {
  readonly product: VerifiedProduct | 'alerts';
  /** dbt's model that the result was compared with; undefined: the e-wallet, and risk_signals for alerts. */
  readonly model?: string;
  readonly rows: number;
  readonly differences: readonly Difference[];
}

export interface VerifyOptions {
  readonly settleSeconds: number;
  /** Also compares what dbt computes too with dbt's models. */
  readonly dbt: boolean;
  readonly say: (line: string) => void;
}

/**
 * Compares results with plain SQL over the e-wallet, alerts with dbt's risk_signals, and on demand other results with dbt's
 * models. What differs is looked at again until nothing does or the time is over, as a row may be on its way.
 */
export async function verify(config: RealtimeConfig, options: VerifyOptions): Promise<readonly VerifiedResult[]> {
  const products = VERIFIED.filter((product) => config.products.includes(product));
  if (products.length > 0 && config.wallet === undefined) {
    throw Failure.config(
      '"wallet" is missing: {"connection.url": "postgresql://user:password@host/db"} of the e-wallet.',
    );
  }
  if ((config.rules !== undefined || options.dbt) && config.warehouse === undefined) {
    throw Failure.config(
      `\`warehouse\` is missing: {"connection.url": "postgresql://user:password@host/db"} with dbt's ${options.dbt ? 'marts, for --dbt' : 'risk_signals, for alerts'}.`,
    );
  }
  const end = Date.now() + options.settleSeconds * 1_000;
  for (;;) {
    const results: VerifiedResult[] = [];
    for (const product of products) results.push(await verifyOnce(config, product));
    for (const product of options.dbt ? IN_BATCHES.filter((name) => config.products.includes(name)) : []) {
      results.push(await verifyWithDbt(config, product));
    }
    if (config.rules !== undefined && config.warehouse !== undefined) {
      results.push(await verifyAlerts(config, config.rules, config.warehouse));
    }
    const different = results.reduce((sum, { differences }) => sum + differences.length, 0);
    if (different === 0 || Date.now() >= end) return results;
    options.say(`${different} differences; looking again, as rows may be on their way`);
    await sleep(2_000);
  }
}

async function verifyOnce(config: RealtimeConfig, product: VerifiedProduct): Promise<VerifiedResult> {
  const { wallet } = config;
  if (wallet === undefined) throw Failure.system('verify without a wallet');
  const wanted = expectation(product, config);
  const expected = await rowsOf(wallet, wanted.sql, `Could not compute ${product} in the e-wallet`);
  const found = await readResult(config, product);
  return { product, rows: expected.length, differences: compareRows(expected, found, wanted) };
}

async function verifyWithDbt(config: RealtimeConfig, product: BatchProduct): Promise<VerifiedResult> {
  const { warehouse } = config;
  if (warehouse === undefined) throw Failure.system('verify without a warehouse');
  const check = batchCheck(product, warehouse.schema);
  const expected = await rowsOf(warehouse.connection, check.sql, `Could not read dbt's ${check.model}`);
  const rows = await readResult(config, product);
  const found = check.rollUp(rows, await readLocalHours(warehouse, check.minutes(rows)));
  return { product, model: check.model, rows: expected.length, differences: compareRows(expected, found, check) };
}

async function rowsOf(connection: ConnectionConfig, sql: string, what: string): Promise<readonly ResultRow[]> {
  const client = await connect(connection, { applicationName: 'ewallet-realtime verify' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } catch (error) {
    throw failureFromPostgres(error, { what });
  } finally {
    await client.end();
  }
}

async function verifyAlerts(
  config: RealtimeConfig,
  rules: Rules,
  warehouse: NonNullable<RealtimeConfig['warehouse']>,
): Promise<VerifiedResult> {
  const set = await readRules(config);
  const off = set.filter(({ enabled }) => !enabled).map(({ signal }) => signal);
  const signals = (await readRiskSignals(warehouse)).filter(({ signal }) => !off.some((name) => name === signal));
  const alerts = await readResult(config, 'alerts');
  return {
    product: 'alerts',
    rows: signals.length,
    differences: compareWithRiskSignals(signals, alerts, withCounts(rules, set)),
  };
}

/** The counts that hold now: dbt's rows are as many alerts as the job's own threshold says. */
function withCounts(rules: Rules, set: readonly RuleVersion[]): Rules {
  const count = (name: SignalName): number | undefined => set.find(({ signal }) => signal === name)?.count;
  return {
    ...rules,
    velocityCount: count('velocity') ?? rules.velocityCount,
    structuringCount: count('structuring') ?? rules.structuringCount,
    pinFailures: count('pin_failed_burst') ?? rules.pinFailures,
  };
}

const SHOWN = 20;

/** For people: each result on a line, and under it the first differences by key. */
export function verifyReport(results: readonly VerifiedResult[]): string {
  const lines = results.flatMap(({ product, model, rows, differences }) => [
    `${product}${model === undefined ? '' : ` as dbt's ${model}`}: ${rows} rows, ${differences.length === 0 ? 'equal' : `${differences.length} differ`}`,
    ...differences
      .slice(0, SHOWN)
      .map(({ kind, key, columns }) => `  ${kind}: ${key}${columns.length === 0 ? '' : ` (${columns.join(', ')})`}`),
    ...(differences.length > SHOWN ? [`  and ${differences.length - SHOWN} more`] : []),
  ]);
  return `${lines.join('\n')}\n`;
}
