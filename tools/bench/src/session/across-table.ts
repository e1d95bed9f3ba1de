import type { Client } from 'pg';

/** Where the limits of the flow and of increments put the rows. */
export const ACROSS = 'bench.across';

/** An empty table with the columns and the primary key of the e-wallet's transactions. */
export async function createAcross(client: Client): Promise<void> {
  await client.query('create schema if not exists bench');
  await dropAcross(client);
  await client.query(
    `create table ${ACROSS} (
       id bigint primary key, type text, status text, source_wallet_id bigint, destination_wallet_id bigint,
       refund_of_id bigint, currency text, amount numeric(20, 4), fee numeric(20, 4), channel text, failure_reason text,
       created_at timestamptz, settled_at timestamptz, updated_at timestamptz)`,
  );
}

export async function dropAcross(client: Client): Promise<void> {
  await client.query(`drop table if exists ${ACROSS}`);
}
