import { BALANCE_MISMATCH } from '../config/signal-names';
import type { Alert } from './alert';
import { columnsOf, textOf } from './record-columns';

const PREFIX = `${BALANCE_MISMATCH}-`;

export function isOfBalance(alertId: string): boolean {
  return alertId.startsWith(PREFIX);
}

export function balanceAlertId({ wallet_id: wallet }: Readonly<Record<string, unknown>>): string | undefined {
  const text = textOf(wallet);
  return text === undefined ? undefined : `${PREFIX}${text}`;
}

/**
 * A decoded record of the topic `balance_checks`, as the message that people get.
 *
 * @returns undefined where the wallet adds up
 * @throws Failure system_error naming the column that is missing or of another kind
 */
export function balanceAlert(record: unknown): Alert | undefined {
  const { needed, optional } = columnsOf(record, 'A balance check');
  const difference = needed('difference');
  if (/^-?0*(\.0*)?$/.test(difference)) return undefined;
  const wallet = needed('wallet_id');
  const unchangedSince = Number(needed('unchanged_since')) / 1_000;
  const balance = optional('balance');
  const kind = optional('wallet_kind');
  return {
    id: `${PREFIX}${wallet}`,
    signal: BALANCE_MISMATCH,
    severity: 'high',
    customer: optional('customer_id'),
    subject: wallet,
    windowStart: unchangedSince,
    windowEnd: unchangedSince,
    transactions: '0',
    amount: difference,
    currency: optional('currency'),
    explanation:
      balance === undefined
        ? 'transactions moved money of a wallet that did not arrive'
        : `the balance of this ${kind ?? 'unknown'} wallet is not the sum of its movements`,
  };
}
