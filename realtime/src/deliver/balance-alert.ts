import { Failure, isObject } from '@ewallet/failure';
import { BALANCE_MISMATCH } from '../config/signal-names';
import type { Alert } from './alert';

const PREFIX = `${BALANCE_MISMATCH}-`;

export function isOfBalance(alertId: string): boolean {
  return alertId.startsWith(PREFIX);
}

export function balanceAlertId({ wallet_id: wallet }: Readonly<Record<string, unknown>>): string | undefined {
  const text = textOf(wallet);
  return text === undefined ? undefined : `${PREFIX}${text}`;
}

/**
 * A decoded record of the topic `balance_checks`, as people are told of it.
 *
 * @returns undefined where the wallet adds up
 * @throws Failure system_error naming the column that is missing or of another kind
 */
export function balanceAlert(record: unknown): Alert | undefined {
  if (!isObject(record)) throw Failure.system('A balance check is not a record.');
  const needed = (column: string): string => {
    const value = textOf(record[column]);
    if (value === undefined) throw Failure.system(`A balance check has no "${column}".`);
    return value;
  };
  const difference = needed('difference');
  if (/^-?0*(\.0*)?$/.test(difference)) return undefined;
  const wallet = needed('wallet_id');
  const unchangedSince = Number(needed('unchanged_since')) / 1_000;
  const balance = textOf(record.balance);
  const kind = textOf(record.wallet_kind);
  return {
    id: `${PREFIX}${wallet}`,
    signal: BALANCE_MISMATCH,
    severity: 'high',
    customer: textOf(record.customer_id),
    subject: wallet,
    windowStart: unchangedSince,
    windowEnd: unchangedSince,
    transactions: '0',
    amount: difference,
    currency: textOf(record.currency),
    explanation:
      balance === undefined
        ? 'transactions moved money of a wallet that did not arrive'
        : `the balance of this ${kind ?? 'unknown'} wallet is not the sum of its movements`,
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}
