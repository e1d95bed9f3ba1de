import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { PROJECT_ROOT } from '../command';

/**
 * The demo's tables with 20 customers, one merchant and no transactions, all in USD. Customer n has wallet n; wallet 100 is
 * the outside world, wallet 101 the merchant's. All signed up in 2023: dbt sets aside what is older than its customer.
 */
export async function createSmallWallet(client: Client): Promise<void> {
  await client.query(await readFile(path.join(PROJECT_ROOT, 'tools/demo/wallet.sql'), 'utf8'));
  await client.query(`
    insert into currencies values ('USD', 'US dollar', 2);
    insert into users (id, public_id, full_name, email, phone, country, created_at)
      select n, gen_random_uuid(), 'n', n || '@x', '1', 'SG', '2023-12-01' from generate_series(1, 20) n;
    insert into merchants (id, name, category, country, city, fee_rate) values (1, 'm', 'food', 'SG', 's', 0);
    insert into wallets (id, kind, user_id, merchant_id, currency) select n, 'customer', n, null, 'USD' from generate_series(1, 20) n;
    insert into wallets (id, kind, user_id, merchant_id, currency) values (100, 'float', null, null, 'USD'), (101, 'merchant', null, 1, 'USD')`);
}
