import type { Client } from 'pg';
import type { Movement } from './bookkeeping';
import { currencyByCode } from './countries';
import type { Channel, TransactionType } from './records';

/** What an earlier run, or history, left pending or held: the newest 5,000. */
export async function readPending(client: Client): Promise<{ id: number; movement: Movement }[]> {
  const { rows } = await client.query<{
    id: string;
    type: TransactionType;
    channel: Channel;
    source: string;
    destination: string;
    fee_wallet: string;
    refund_of_id: string | null;
    currency: string;
    amount: string;
    fee: string;
    held: boolean;
  }>(
    `select t.id, t.type, t.channel, t.source_wallet_id as source, t.destination_wallet_id as destination,
            f.id as fee_wallet, t.refund_of_id, t.currency,
            t.status = 'held' as held, (t.amount * 10 ^ c.scale)::bigint as amount, (t.fee * 10 ^ c.scale)::bigint as fee
       from transactions t
       join currencies c on c.code = t.currency
       join wallets f on f.kind = 'fee' and f.currency = t.currency
      where t.status in ('pending', 'held')
      order by t.id desc limit 5000`,
  );
  return rows.flatMap((row) => {
    const currency = currencyByCode(row.currency);
    if (currency === undefined) return [];
    const movement: Movement = {
      type: row.type,
      channel: row.channel,
      sourceWalletId: Number(row.source),
      destinationWalletId: Number(row.destination),
      feeWalletId: Number(row.fee_wallet),
      refundOfId: row.refund_of_id === null ? undefined : Number(row.refund_of_id),
      currency,
      amount: Number(row.amount),
      fee: Number(row.fee),
      held: row.held,
    };
    return [{ id: Number(row.id), movement }];
  });
}
