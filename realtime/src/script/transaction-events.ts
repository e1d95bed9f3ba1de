/**
 * A transaction's life, told from its newest version and so the same after every replay: it was created, and what it came to
 * when it settled; held money waits as pending money does. A status that is corrected takes its event back and has another one.
 */
export function transactionEventsQuery(): string {
  const columns = [
    'created_at',
    '`type`',
    'channel',
    "CASE WHEN event = 'failed' THEN failure_reason END",
    'currency',
    'amount',
    'fee',
    'source_wallet_id',
    'source_kind',
    'destination_wallet_id',
    'destination_kind',
    'customer_id',
    'customer_country',
    'merchant_id',
    'merchant_category',
    'merchant_country',
  ];
  return `SELECT id, event, occurred_at, ${columns.join(', ')}
FROM (
  SELECT m.*, CAST('created' AS STRING) AS event, created_at AS occurred_at FROM movements AS m
  UNION ALL
  SELECT m.*, status AS event, settled_at AS occurred_at FROM movements AS m WHERE status NOT IN ('pending', 'held')
)`;
}
