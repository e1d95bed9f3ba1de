import type { Rules } from '../config/rules';
import type { InputTypes } from '../inputs/input-types';
import { floorTo } from '../script/results';
import { MICROS_PER_MINUTE } from '../script/time';
import { burstSignal } from './burst';
import { byCurrency, plain, severityOf, type Signal } from './signal';

/** Every signal, with the thresholds of the configuration. */
export function signalsOf(rules: Rules, correctionDays: number, types: InputTypes): readonly Signal[] {
  const money = `DECIMAL(38, ${types.moneyScale})`;
  const below = byCurrency('currency', rules.structuringThresholds);
  return [
    burstSignal({
      name: 'velocity',
      count: rules.velocityCount,
      minutes: rules.velocityMinutes,
      events: `SELECT id AS event_id, customer_id, CAST('' AS STRING) AS subject, created_at AS occurred_at, currency, amount
FROM movements
WHERE status IN ('completed', 'failed') AND customer_id IS NOT NULL`,
      words: ` transactions within ${rules.velocityMinutes} minutes`,
      correctionDays,
    }),
    burstSignal({
      name: 'structuring',
      count: rules.structuringCount,
      minutes: rules.structuringMinutes,
      events: `SELECT id AS event_id, customer_id, currency AS subject, created_at AS occurred_at, currency, amount
FROM movements
WHERE status = 'completed' AND \`type\` IN ('top_up', 'transfer', 'withdrawal') AND customer_id IS NOT NULL
  AND amount >= ${plain(rules.structuringBand)} * (${below}) AND amount < ${below}`,
      words: ` amounts just below the reporting threshold within ${rules.structuringMinutes / 60} hours`,
      correctionDays,
    }),
    burstSignal({
      name: 'pin_failed_burst',
      count: rules.pinFailures,
      minutes: rules.pinMinutes,
      events: `SELECT id AS event_id, user_id AS customer_id, CAST('' AS STRING) AS subject, occurred_at, CAST(NULL AS STRING) AS currency, CAST(NULL AS ${money}) AS amount
FROM activity
WHERE event = 'pin_failed' AND user_id IS NOT NULL`,
      words: ` failed PIN entries within ${rules.pinMinutes} minutes`,
      correctionDays,
    }),
    rapidInOut(rules, correctionDays),
    accountTakeover(rules, correctionDays),
    dormantAccountWakes(rules),
    firstLargeCashOut(rules),
    failureRateSpike(rules, types),
  ];
}

const OUTGOING = `status = 'completed' AND \`type\` IN ('transfer', 'withdrawal') AND source_user_id IS NOT NULL
  AND settled_at IS NOT NULL AND (destination_user_id IS NULL OR destination_user_id <> source_user_id)`;

/** Money that came in and left again at once, in the wallet it came into. */
function rapidInOut(rules: Rules, correctionDays: number): Signal {
  const window = rules.inOutMinutes * MICROS_PER_MINUTE;
  const least = byCurrency('currency', rules.inOutAmounts);
  const outflow = (ahead: number): string =>
    `SELECT id, source_wallet_id AS wallet_id, amount + COALESCE(fee, 0) AS amount, settled_at, settled_at / ${window} - ${ahead} AS stretch
FROM movements
WHERE ${OUTGOING}`;
  const ttl = `${correctionDays}d`;
  return {
    name: 'rapid_in_out',
    views: [
      `CREATE TEMPORARY VIEW rapid_inflows AS
SELECT id, destination_user_id AS customer_id, destination_wallet_id AS wallet_id, currency, amount, settled_at, settled_at / ${window} AS stretch
FROM movements
WHERE status = 'completed' AND \`type\` IN ('top_up', 'transfer') AND destination_user_id IS NOT NULL AND settled_at IS NOT NULL
  AND (source_user_id IS NULL OR source_user_id <> destination_user_id) AND amount >= ${least};`,
      `CREATE TEMPORARY VIEW rapid_outflows AS\n${outflow(0)}\nUNION ALL\n${outflow(1)};`,
    ],
    query: `SELECT CONCAT('rapid_in_out-', CAST(id AS STRING)), 'rapid_in_out', customer_id, CAST(id AS STRING), settled_at, settled_at + ${window},
  outflows + 1, amount, currency,
  ${severityOf(`LEAST(1.0, CAST(amount_out AS DOUBLE) / CAST(amount AS DOUBLE)) / ${rules.inOutShare} * GREATEST(1.0, LOG10(CAST(amount AS DOUBLE) / CAST(${least} AS DOUBLE)))`)},
  CONCAT(CAST(CAST(LEAST(100.0, ROUND(100 * CAST(amount_out AS DOUBLE) / CAST(amount AS DOUBLE), 0)) AS INT) AS STRING), '% of what came in left again within ${rules.inOutMinutes} minutes')
FROM (
  SELECT /*+ STATE_TTL('i' = '${ttl}', 'o' = '${ttl}') */
    i.id, i.customer_id, i.currency, i.amount, i.settled_at, COUNT(*) AS outflows, SUM(o.amount) AS amount_out
  FROM rapid_inflows AS i
  JOIN rapid_outflows AS o ON i.wallet_id = o.wallet_id AND i.stretch = o.stretch
    AND o.settled_at > i.settled_at AND o.settled_at <= i.settled_at + ${window}
  GROUP BY i.id, i.customer_id, i.currency, i.amount, i.settled_at
  HAVING SUM(o.amount) >= i.amount * ${plain(rules.inOutShare)}
)`,
  };
}

/** A new device or PIN, and then money out: one alert per transaction. */
function accountTakeover(rules: Rules, correctionDays: number): Signal {
  const window = rules.takeoverMinutes * MICROS_PER_MINUTE;
  const change = (ahead: number): string =>
    `SELECT id, user_id, occurred_at, occurred_at / ${window} + ${ahead} AS stretch
FROM activity
WHERE event IN ('device_added', 'pin_changed') AND user_id IS NOT NULL`;
  const ttl = `${correctionDays}d`;
  return {
    name: 'account_takeover',
    views: [
      `CREATE TEMPORARY VIEW takeover_outflows AS
SELECT id, source_user_id AS customer_id, currency, amount, created_at, created_at / ${window} AS stretch
FROM movements
WHERE ${OUTGOING};`,
      `CREATE TEMPORARY VIEW takeover_changes AS\n${change(0)}\nUNION ALL\n${change(1)};`,
    ],
    query: `SELECT CONCAT('account_takeover-', CAST(id AS STRING)), 'account_takeover', customer_id, CAST(id AS STRING), created_at - ${window}, created_at,
  CAST(1 AS BIGINT), amount, currency, CASE WHEN changes >= 2 THEN 'high' ELSE 'medium' END,
  CONCAT('money out within ${rules.takeoverMinutes} minutes of ', CAST(changes AS STRING), ' new device or changed PIN')
FROM (
  SELECT /*+ STATE_TTL('t' = '${ttl}', 'a' = '${ttl}') */
    t.id, t.customer_id, t.currency, t.amount, t.created_at, COUNT(*) AS changes
  FROM takeover_outflows AS t
  JOIN takeover_changes AS a ON t.customer_id = a.user_id AND t.stretch = a.stretch
    AND t.created_at >= a.occurred_at AND t.created_at <= a.occurred_at + ${window}
  GROUP BY t.id, t.customer_id, t.currency, t.amount, t.created_at
)`,
  };
}

/**
 * The first completed transaction after so many days without one. Within a stretch of that length no gap is long enough, so
 * it is the first of its stretch; what came before is the last of the stretch before it, or lies further back still.
 */
function dormantAccountWakes(rules: Rules): Signal {
  const length = rules.dormantDays * 1_440 * MICROS_PER_MINUTE;
  return {
    name: 'dormant_account_wakes',
    views: [
      `CREATE TEMPORARY VIEW customer_activity AS
SELECT id, customer_id, currency, amount, created_at, ${floorTo('created_at', length)} AS stretch
FROM movements
WHERE status = 'completed' AND customer_id IS NOT NULL AND created_at IS NOT NULL;`,
      `CREATE TEMPORARY VIEW activity_stretches AS
SELECT customer_id, stretch, MIN(created_at) AS first_at, MAX(created_at) AS last_at
FROM customer_activity
GROUP BY customer_id, stretch;`,
    ],
    query: `SELECT CONCAT('dormant_account_wakes-', CAST(a.id AS STRING)), 'dormant_account_wakes', a.customer_id, CAST(a.id AS STRING), a.created_at, a.created_at,
  CAST(1 AS BIGINT), a.amount, a.currency, 'medium', 'the first transaction after ${rules.dormantDays} days or more without one'
FROM customer_activity AS a
JOIN activity_stretches AS s ON a.customer_id = s.customer_id AND a.stretch = s.stretch AND a.created_at = s.first_at
JOIN (SELECT customer_id, MIN(created_at) AS first_at FROM customer_activity GROUP BY customer_id) AS f
  ON a.customer_id = f.customer_id AND a.created_at > f.first_at
LEFT JOIN activity_stretches AS p ON s.customer_id = p.customer_id AND s.stretch - ${length} = p.stretch
WHERE p.last_at IS NULL OR s.first_at - p.last_at >= ${length}`,
  };
}

/** A customer's first withdrawal, where it is large. */
function firstLargeCashOut(rules: Rules): Signal {
  const large = `(${byCurrency('w.currency', rules.structuringThresholds)}) * ${plain(rules.cashOutShare)}`;
  return {
    name: 'first_large_cash_out',
    views: [
      `CREATE TEMPORARY VIEW withdrawals AS
SELECT id, source_user_id AS customer_id, currency, amount, created_at
FROM movements
WHERE status = 'completed' AND \`type\` = 'withdrawal' AND source_user_id IS NOT NULL AND created_at IS NOT NULL;`,
    ],
    query: `SELECT CONCAT('first_large_cash_out-', CAST(w.id AS STRING)), 'first_large_cash_out', w.customer_id, CAST(w.id AS STRING), w.created_at, w.created_at,
  CAST(1 AS BIGINT), w.amount, w.currency, 'medium', 'the first withdrawal of this customer is large'
FROM withdrawals AS w
JOIN (SELECT customer_id, MIN(created_at) AS created_at FROM withdrawals GROUP BY customer_id) AS f
  ON w.customer_id = f.customer_id AND w.created_at = f.created_at
WHERE w.amount >= ${large}`,
  };
}

/** Many transactions of one type and channel fail: a provider is down, or cards are being tried. */
function failureRateSpike(rules: Rules, types: InputTypes): Signal {
  const window = rules.failureMinutes * MICROS_PER_MINUTE;
  return {
    name: 'failure_rate_spike',
    views: [],
    query: `SELECT CONCAT('failure_rate_spike-', transaction_type, '-', transaction_channel, '-', CAST(window_start AS STRING)), 'failure_rate_spike',
  CAST(NULL AS ${types.userId}), CONCAT(transaction_type, ' by ', transaction_channel), window_start, window_start + ${window},
  settled, CAST(NULL AS DECIMAL(38, ${types.moneyScale})), CAST(NULL AS STRING),
  CASE WHEN failed >= settled * ${plain((1 + rules.failureShare) / 2)} THEN 'high' ELSE 'medium' END,
  CONCAT(CAST(failed AS STRING), ' of ', CAST(settled AS STRING), ' failed')
FROM (
  SELECT transaction_type, transaction_channel, window_start, COUNT(*) AS settled, SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed
  FROM (
    SELECT \`type\` AS transaction_type, channel AS transaction_channel, ${floorTo('created_at', window)} AS window_start, status
    FROM transactions
    WHERE status IN ('completed', 'failed') AND created_at IS NOT NULL AND \`type\` IS NOT NULL AND channel IS NOT NULL
  )
  GROUP BY transaction_type, transaction_channel, window_start
)
WHERE settled >= ${rules.failureCount} AND failed >= settled * ${plain(rules.failureShare)}`,
  };
}
