import type { Client } from 'pg';
import type { Currency } from './countries';
import type { ActivityRecord, Channel, TransactionType } from './records';
import { moneyText } from './rows';

/** A movement as it is written: database ids, money in smallest units. */
export interface Movement {
  readonly type: TransactionType;
  readonly channel: Channel;
  readonly sourceWalletId: number;
  readonly destinationWalletId: number;
  readonly feeWalletId: number;
  readonly refundOfId: number | undefined;
  readonly currency: Currency;
  readonly amount: number;
  readonly fee: number;
  /** Reserved first and taken later. */
  readonly held: boolean;
}

/**
 * Inserts the movement as pending or held, within the caller's database transaction.
 *
 * @returns its id; undefined for a refund of a payment that somebody else gives back
 */
export async function insertPending(client: Client, movement: Movement): Promise<number | undefined> {
  const { scale, code } = movement.currency;
  if (movement.refundOfId !== undefined && (await isGivenBack(client, movement.refundOfId))) return undefined;
  const { rows } = await client.query<{ id: string }>(
    `insert into transactions
       (type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency, amount, fee, channel)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      movement.type,
      movement.held ? 'held' : 'pending',
      movement.sourceWalletId,
      movement.destinationWalletId,
      movement.refundOfId ?? null,
      code,
      moneyText(movement.amount, scale),
      moneyText(movement.fee, scale),
      movement.channel,
    ],
  );
  return Number(rows[0]?.id);
}

/** Locks the payment: of two that give it back at once, the second one waits for the first one's transaction to end. */
async function isGivenBack(client: Client, payment: number): Promise<boolean> {
  await client.query('select from transactions where id = $1 for no key update', [payment]);
  // A refund is newer than its payment, and there is an index of that, not of what is refunded.
  const { rows } = await client.query<{ found: boolean }>(
    `select exists (select from transactions p join transactions r on r.updated_at >= p.updated_at
                     where p.id = $1 and r.refund_of_id = p.id and r.status <> 'failed') as found`,
    [payment],
  );
  return rows[0]?.found === true;
}

export async function insertActivity(client: Client, record: ActivityRecord): Promise<void> {
  await client.query(
    `insert into user_activity (user_id, event, session_id, device, ip, country, properties)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [record.userId, record.event, record.sessionId, record.device, record.ip, record.country, record.properties],
  );
}

/**
 * Ends a pending or held movement and, unless it failed, moves the money, within the caller's database transaction. Wallets are
 * locked in one order by everybody: people's and merchants' by id, then float, then fee. So there is no deadlock, and the
 * two wallets that everybody needs are held for no more than the last two statements. `no key` update: an insert that
 * is still open holds its wallets' keys by its foreign keys, for seconds where it commits late.
 *
 * @returns what became of it; `gone` where somebody else had ended it already.
 */
export async function settleMovement(
  client: Client,
  id: number,
  movement: Movement,
  failureReason: string | undefined,
): Promise<'completed' | 'failed' | 'gone'> {
  const { scale } = movement.currency;
  const amount = moneyText(movement.amount, scale);
  const fee = moneyText(movement.fee, scale);
  const own = await client.query<{ id: string; short: boolean }>(
    `select id, id = $2 and balance < $3::numeric + $4::numeric as short
       from wallets where id = any($1::bigint[]) and kind in ('customer', 'merchant') order by id for no key update`,
    [[movement.sourceWalletId, movement.destinationWalletId], movement.sourceWalletId, amount, fee],
  );
  const reason = failureReason ?? (own.rows.some(({ short }) => short) ? 'insufficient_funds' : undefined);
  // The clock is read under the wallets' locks: replayed by settled_at, no balance goes below zero. updated_at is, as
  // applications have it, the time of BEGIN, however long ago that was.
  const ended = await client.query(
    `update transactions
        set status = case when $2::text is null then 'completed' else 'failed' end,
            failure_reason = $2, settled_at = clock_timestamp(), updated_at = now()
      where id = $1 and status in ('pending', 'held')`,
    [id, reason ?? null],
  );
  if (ended.rowCount === 0) return 'gone';
  if (reason !== undefined) return 'failed';
  // Locked above, or the float: whichever pays or receives, in that order.
  const people = new Set(own.rows.map((row) => Number(row.id)));
  const changes = [
    { wallet: movement.sourceWalletId, sql: '- $2::numeric - $3::numeric', values: [amount, fee] },
    { wallet: movement.destinationWalletId, sql: '+ $2::numeric', values: [amount] },
    ...(movement.fee === 0 ? [] : [{ wallet: movement.feeWalletId, sql: '+ $2::numeric', values: [fee] }]),
  ].sort(
    (left, right) => Number(people.has(right.wallet)) - Number(people.has(left.wallet)) || left.wallet - right.wallet,
  );
  for (const { wallet, sql, values } of changes) {
    await client.query(`update wallets set balance = balance ${sql}, updated_at = now() where id = $1`, [
      wallet,
      ...values,
    ]);
  }
  return 'completed';
}
