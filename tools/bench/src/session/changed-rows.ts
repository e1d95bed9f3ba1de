import { withClient } from './bench-session';

/** Which rows change between two syncs: any, a run of neighbours, or new ones under keys of their own. */
export type Pattern = 'scattered' | 'clustered' | 'growing';

export interface IncrementCase {
  readonly pattern: Pattern;
  /** Of the table's rows. */
  readonly share: number;
}

export const INCREMENT_CASES: readonly IncrementCase[] = (['scattered', 'clustered', 'growing'] as const).flatMap(
  (pattern) => [0.001, 0.01, 0.1, 0.5].map((share) => ({ pattern, share })),
);

export function shownCase({ pattern, share }: IncrementCase): string {
  return `${share * 100} % ${pattern}`;
}

/** What was changed, and the query that finds it. */
export interface Change {
  readonly rows: number;
  readonly sql: string;
}

const PARTS = 100_000;

/** Changes transactions, in one transaction. @param seed other rows for another number */
export async function changeRows(url: string, { pattern, share }: IncrementCase, seed: number): Promise<Change> {
  return withClient(url, async (client) => {
    const before = await client.query<{ rows: string; last: string }>(
      'select count(*)::text as rows, max(id)::text as last from transactions',
    );
    const most = Math.max(1, Math.round(Number(before.rows[0]?.rows) * share));
    const changed = await client.query(changeSql(pattern, { share, seed, most }));
    await client.query('vacuum (analyze) transactions');
    const rows = changed.rowCount ?? 0;
    if (pattern === 'growing')
      return { rows, sql: `select * from transactions where id > ${before.rows[0]?.last ?? '0'}` };
    const { rows: times } = await client.query<{ latest: string }>(
      'select max(updated_at)::text as latest from transactions',
    );
    return { rows, sql: `select * from transactions where updated_at = '${times[0]?.latest ?? ''}'` };
  });
}

function changeSql(
  pattern: Pattern,
  { share, seed, most }: { readonly share: number; readonly seed: number; readonly most: number },
): string {
  const change = 'update transactions set fee = fee + 0.0001, updated_at = now()';
  switch (pattern) {
    case 'scattered':
      return `${change} where abs(hashint8extended(id, ${seed}) % ${PARTS}) < ${Math.round(share * PARTS)}`;
    case 'clustered':
      return `${change} where id in (select id from transactions order by id offset ${most / 2} limit ${most})`;
    case 'growing':
      return `insert into transactions (type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency,
                amount, fee, channel, failure_reason, created_at, settled_at, updated_at)
              select type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency, amount, fee, channel,
                failure_reason, created_at, settled_at, now()
              from transactions order by id limit ${most}`;
  }
}
