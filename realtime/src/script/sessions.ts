import { MICROS_PER_MINUTE } from '../inputs/time';

/**
 * Views behind `sessions`. A transaction belongs to its customer's newest session that had begun when it was made, not longer
 * ago than `minutes`: transactions carry no session. Joined by stretches of that length, as bursts are, and by the session's
 * start alone, which later events of the session leave as it is.
 */
export function sessionViews(minutes: number): readonly string[] {
  const length = minutes * MICROS_PER_MINUTE;
  const near = (ahead: number): string =>
    `SELECT session_id, customer_id, started_at, started_at / ${length} + ${ahead} AS stretch FROM session_starts`;
  return [
    `CREATE TEMPORARY VIEW session_events AS
SELECT session_id, user_id AS customer_id, event, occurred_at
FROM activity
WHERE session_id IS NOT NULL AND user_id IS NOT NULL AND occurred_at IS NOT NULL;`,
    `CREATE TEMPORARY VIEW session_starts AS
SELECT session_id, customer_id, MIN(occurred_at) AS started_at
FROM session_events
GROUP BY session_id, customer_id;`,
    `CREATE TEMPORARY VIEW sessions_near AS\n${near(0)}\nUNION ALL\n${near(1)};`,
    `CREATE TEMPORARY VIEW session_transactions AS
SELECT session_id, customer_id, status, created_at
FROM (
  SELECT s.session_id, s.customer_id, m.status, m.created_at,
    ROW_NUMBER() OVER (PARTITION BY m.id ORDER BY s.started_at DESC, s.session_id DESC) AS place
  FROM (
    SELECT id, customer_id, status, created_at, created_at / ${length} AS stretch
    FROM movements
    WHERE customer_id IS NOT NULL AND created_at IS NOT NULL
  ) AS m
  JOIN sessions_near AS s ON m.customer_id = s.customer_id AND m.stretch = s.stretch
    AND m.created_at >= s.started_at AND m.created_at <= s.started_at + ${length}
)
WHERE place = 1;`,
  ];
}

/**
 * Events and transactions are counted in one aggregate. A left join of two aggregates was tried: where a session lost its last
 * transaction, Flink took the session's row away and gave none without transactions instead.
 */
export function sessionsQuery(): string {
  return `SELECT session_id, customer_id, MIN(occurred_at), MAX(occurred_at), COUNT(occurred_at),
  COUNT(CASE WHEN event = 'login' THEN 1 END), COUNT(CASE WHEN event = 'pin_failed' THEN 1 END),
  COUNT(made_at), COUNT(CASE WHEN status = 'completed' THEN 1 END), COUNT(CASE WHEN status = 'failed' THEN 1 END), MIN(made_at),
  CASE WHEN COUNT(CASE WHEN status = 'completed' THEN 1 END) > 0 THEN 'completed' WHEN COUNT(made_at) > 0 THEN 'transacted'
    WHEN COUNT(CASE WHEN event = 'login' THEN 1 END) > 0 THEN 'logged_in' ELSE 'opened' END
FROM (
  SELECT session_id, customer_id, event, occurred_at, CAST(NULL AS STRING) AS status, CAST(NULL AS BIGINT) AS made_at
  FROM session_events
  UNION ALL
  SELECT session_id, customer_id, CAST(NULL AS STRING), CAST(NULL AS BIGINT), status, created_at
  FROM session_transactions
)
GROUP BY session_id, customer_id
HAVING COUNT(occurred_at) > 0`;
}
