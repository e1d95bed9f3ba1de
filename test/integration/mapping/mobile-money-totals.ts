import type { Client } from 'pg';

/** What the back office of the wallet mobile-money would say, in main units: control totals for its mapping. */
export async function totalsFromTheBackOffice(wallet: Client): Promise<{
  payments: Record<string, string>[];
  wallet: Record<string, string>;
}> {
  const { rows: payments } = await wallet.query<Record<string, string>>(`
    select ccy as currency, 'payment' as type, count(*)::text as count, (sum(amount_minor)::numeric / case ccy when 'UGX' then 1 else 100 end)::numeric(20, 2)::text as amount
    from core.payment_order where kind = 30 and state = 2 and deleted_at is null group by ccy order by ccy`);
  const { rows: wallets } = await wallet.query<Record<string, string>>(`
    select id as wallet, (balance_minor / 100.0)::numeric(20, 2)::text as balance from core.account
    where class = 1 and ccy = 'KES' and balance_minor > 0 order by id limit 1`);
  return { payments, wallet: wallets[0] ?? {} };
}
