import { COUNT, FLAG, TEXT, TIME, type Column, type ColumnType } from './column';
import type { Product } from './product';

/** As exact as the thresholds in the job's SQL. */
const SHARE: ColumnType = { kind: 'money', scale: 9 };

const VALUES: readonly Column[] = [
  { name: 'enabled', type: FLAG },
  { name: 'least_count', type: COUNT },
  { name: 'least_share', type: SHARE },
  { name: 'set_by', type: TEXT },
  { name: 'reason', type: TEXT },
  { name: 'set_at', type: TIME },
];

/** The rule of each signal that was ever set: what the job reads. */
export const RISK_RULES: Product = {
  name: 'risk_rules',
  key: [{ name: 'signal', type: TEXT }],
  values: [...VALUES, { name: 'version', type: COUNT }],
};

/** Every version of every rule: who set it, when and why. */
export const RISK_RULE_HISTORY: Product = {
  name: 'risk_rule_history',
  key: [
    { name: 'signal', type: TEXT },
    { name: 'version', type: COUNT },
  ],
  values: VALUES,
};

export const RULE_PRODUCTS: readonly Product[] = [RISK_RULES, RISK_RULE_HISTORY];
