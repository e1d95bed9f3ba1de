import type { Client } from 'pg';

/** Each query finds what must not be: rows are violations. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'a balance that is not the sum of its movements': `
    select w.id from wallets w
      left join (select wallet, sum(change) as moved from movements group by wallet) m on m.wallet = w.id
     where w.balance <> coalesce(m.moved, 0)`,
  'a currency whose balances do not sum to zero': `
    select currency from wallets group by currency having sum(balance) <> 0`,
  'a balance below zero at some instant, outside the float': `
    select wallet from (
      select wallet, sum(change) over (partition by wallet order by at, change desc, id) as balance from movements
    ) history join wallets w on w.id = wallet where w.kind <> 'float' and history.balance < 0`,
  'a movement between wallets of another currency': `
    select t.id from transactions t join wallets w on w.id in (t.source_wallet_id, t.destination_wallet_id)
     where w.currency <> t.currency`,
  'an amount, fee or balance finer than its currency': `
    select t.id from transactions t join currencies c on c.code = t.currency
     where t.amount <> round(t.amount, c.scale) or t.fee <> round(t.fee, c.scale)
    union all
    select w.id from wallets w join currencies c on c.code = w.currency where w.balance <> round(w.balance, c.scale)`,
  'a refund of more than its payment, or of what was not paid': `
    select r.id from transactions r join transactions p on p.id = r.refund_of_id
     where p.type <> 'payment' or p.status <> 'completed' or r.currency <> p.currency
        or r.amount > p.amount or r.created_at < p.settled_at
        or r.destination_wallet_id <> p.source_wallet_id or r.source_wallet_id <> p.destination_wallet_id`,
  'a payment given back twice': `
    select refund_of_id from transactions where refund_of_id is not null and status <> 'failed'
     group by refund_of_id having count(*) > 1`,
  'a settled movement without its time, or a pending one with it': `
    select id from transactions where (status in ('pending', 'held')) <> (settled_at is null) or settled_at < created_at`,
  'a movement of a wallet that did not exist yet': `
    select t.id from transactions t join wallets w on w.id in (t.source_wallet_id, t.destination_wallet_id)
     where t.created_at < w.created_at and w.kind = 'customer'`,
};

const MOVEMENTS = `
  create temporary view movements as
    select id, source_wallet_id as wallet, settled_at as at, -(amount + fee) as change
      from transactions where status = 'completed'
    union all
    select id, destination_wallet_id, settled_at, amount from transactions where status = 'completed'
    union all
    select t.id, w.id, t.settled_at, t.fee
      from transactions t join wallets w on w.kind = 'fee' and w.currency = t.currency
     where t.status = 'completed' and t.fee > 0`;

/** The invariants that the wallet breaks, with how many rows break each; empty when the books balance. */
export async function brokenInvariants(client: Client): Promise<string[]> {
  await client.query(MOVEMENTS);
  const broken: string[] = [];
  try {
    for (const [what, sql] of Object.entries(INVARIANTS)) {
      const { rowCount } = await client.query(sql);
      if (rowCount !== 0) broken.push(`${what}: ${String(rowCount)}`);
    }
  } finally {
    await client.query('drop view movements');
  }
  return broken;
}
