import { Failure, isObject, type ConfigReader } from '@ewallet/failure';
import path from 'node:path';
import { findDbtProject, readDbtVariables, type DbtVariables } from './dbt-variables';

/** Thresholds of the signals. What dbt's risk_signals finds too has dbt's thresholds: its `risk_*` variables. */
export interface Rules {
  readonly velocityCount: number;
  readonly velocityMinutes: number;
  readonly pinFailures: number;
  readonly pinMinutes: number;
  /** By currency, in that currency. */
  readonly structuringThresholds: ReadonlyMap<string, number>;
  readonly structuringBand: number;
  readonly structuringCount: number;
  readonly structuringMinutes: number;
  readonly inOutShare: number;
  readonly inOutMinutes: number;
  /** Least amount of an inflow, by currency, in that currency. */
  readonly inOutAmounts: ReadonlyMap<string, number>;
  /** Money out so soon after a new device or PIN is a takeover. */
  readonly takeoverMinutes: number;
  /** An account without a completed transaction for so long is dormant. */
  readonly dormantDays: number;
  /** A first withdrawal of this share of the currency's structuring threshold is large. */
  readonly cashOutShare: number;
  readonly failureMinutes: number;
  readonly failureCount: number;
  readonly failureShare: number;
}

/** Thresholds that batch and stream share: dbt's variables without `risk_`. */
type SharedThreshold =
  | 'velocity_count'
  | 'velocity_minutes'
  | 'pin_failures'
  | 'pin_minutes'
  | 'structuring_threshold'
  | 'structuring_band'
  | 'structuring_count'
  | 'structuring_minutes'
  | 'in_out_share'
  | 'in_out_minutes'
  | 'in_out_amount';

/** @throws Failure config_error naming a threshold that neither the configuration nor dbt gives */
export function parseRules(reader: ConfigReader | undefined, directory: string): Rules {
  const given = reader?.optionalText('dbt_project');
  const file = given === undefined ? findDbtProject(directory) : path.resolve(directory, given);
  const dbt = file === undefined ? undefined : readDbtVariables(file, process.env);
  const shared = (key: SharedThreshold): number => {
    const value = reader?.optionalPositive(key) ?? dbt?.variables.get(`risk_${key}`);
    if (typeof value === 'number' && value > 0) return value;
    throw Failure.config(
      `The threshold \`${key}\` of alerts is not known: give \`rules.dbt_project\`, the dbt_project.yml with risk_${key}, or \`rules.${key}\`, a number above 0.`,
    );
  };
  const own = (key: string, fallback: number): number => reader?.optionalPositive(key) ?? fallback;
  const rules: Rules = {
    velocityCount: shared('velocity_count'),
    velocityMinutes: shared('velocity_minutes'),
    pinFailures: shared('pin_failures'),
    pinMinutes: shared('pin_minutes'),
    structuringThresholds: new Map([
      ...inEachCurrency(shared('structuring_threshold'), dbt),
      ...amountsByCurrency(dbt?.variables.get('risk_structuring_thresholds'), 'risk_structuring_thresholds'),
      ...amountsByCurrency(reader?.textMap('structuring_thresholds'), 'rules.structuring_thresholds'),
    ]),
    structuringBand: shared('structuring_band'),
    structuringCount: shared('structuring_count'),
    structuringMinutes: shared('structuring_minutes'),
    inOutShare: shared('in_out_share'),
    inOutMinutes: shared('in_out_minutes'),
    inOutAmounts: new Map([
      ...inEachCurrency(shared('in_out_amount'), dbt),
      ...amountsByCurrency(dbt?.variables.get('risk_in_out_amounts'), 'risk_in_out_amounts'),
      ...amountsByCurrency(reader?.textMap('in_out_amounts'), 'rules.in_out_amounts'),
    ]),
    takeoverMinutes: own('takeover_minutes', 60),
    dormantDays: own('dormant_days', 90),
    cashOutShare: own('cash_out_share', 0.5),
    failureMinutes: own('failure_minutes', 5),
    failureCount: own('failure_count', 20),
    failureShare: own('failure_share', 0.5),
  };
  reader?.finish();
  return rules;
}

/** An amount in the reporting currency, times dbt's reporting_amount_scale, in each currency at its newest rate. */
function inEachCurrency(amount: number, dbt: DbtVariables | undefined): ReadonlyMap<string, number> {
  const scale = Number(dbt?.variables.get('reporting_amount_scale') ?? 1);
  return new Map(
    [...(dbt?.rates ?? [])].map(([currency, rate]) => [currency, Number((amount * scale * rate).toPrecision(9))]),
  );
}

function amountsByCurrency(value: unknown, name: string): readonly (readonly [string, number])[] {
  return (isObject(value) ? Object.entries(value) : []).map(([currency, given]) => {
    const amount = Number(given);
    if (amount > 0 && Number.isFinite(amount)) return [currency, amount];
    throw Failure.config(`\`${name}\` of ${JSON.stringify(currency)} must be an amount above 0.`);
  });
}
