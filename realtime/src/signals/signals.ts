import { Failure } from '@ewallet/failure';
import { liveRules, type LiveRule, type LiveThreshold } from '../config/live-rules';
import type { Rules } from '../config/rules';
import type { InputTypes } from '../inputs/input-types';
import { floorTo, MICROS_PER_MINUTE } from '../inputs/time';
import { burstSignal } from './burst';
import { byCurrency, plain, ruledQuery, severityOf, type Signal } from './signal';

/** Every signal, with the thresholds of the configuration. */
export function signalsOf(rules: Rules, correctionDays: number, types: InputTypes): readonly Signal[] {
  const money = `DECIMAL(38, ${types.moneyScale})`;
  const below = byCurrency('currency', rules.structuringThresholds);
  const live = liveRules(rules);
  return [
    burstSignal({
      name: 'velocity',
      count: countOf(live.velocity),
      minutes: rules.velocityMinutes,
      events: `SELECT id AS event_id, customer_id, CAST('' AS STRING) AS subject, created_at AS occurred_at, currency, amount
FROM movements
WHERE status IN ('completed', 'failed') AND customer_id IS NOT NULL`,
      words: ` transactions within ${rules.velocityMinutes} minutes`,
      correctionDays,
    }),
    burstSignal({
      name: 'structuring',
      count: countOf(live.structuring),
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
      count: countOf(live.pin_failed_burst),
      minutes: rules.pinMinutes,
      events: `SELECT id AS event_id, user_id AS customer_id, CAST('' AS STRING) AS subject, occurred_at, CAST(NULL AS STRING) AS currency, CAST(NULL AS ${money}) AS amount
FROM activity
WHERE event = 'pin_failed' AND user_id IS NOT NULL`,
      words: ` failed PIN entries within ${rules.pinMinutes} minutes`,
      correctionDays,
    }),
    rapidInOut(rules, live.rapid_in_out, correctionDays),
    accountTakeover(rules, live.account_takeover, correctionDays),
    dormantAccountWakes(rules, live.dormant_account_wakes),
    firstLargeCashOut(rules, live.first_large_cash_out),
    failureRateSpike(rules, live.failure_rate_spike, types),
  ];
}

function countOf({ count }: LiveRule): LiveThreshold {
  if (count === undefined) throw Failure.system('a burst without a count');
  return count;
}

function shareOf({ share }: LiveRule): LiveThreshold {
  if (share === undefined) throw Failure.system('a signal without a share');
  return share;
}

const OUTGOING = `status = 'completed' AND \`type\` IN ('transfer', 'withdrawal') AND source_user_id IS NOT NULL
  AND settled_at IS NOT NULL AND (destination_user_id IS NULL OR destination_user_id <> source_user_id)`;

/** Money that came in and left again at once, in the wallet it came into. */
function rapidInOut(rules: Rules, rule: LiveRule, correctionDays: number): Signal {
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
    query: ruledQuery({
      name: 'rapid_in_out',
      rule,
      condition: 'amount_out >= amount * least_share',
      severity: severityOf(
        `LEAST(1.0, CAST(amount_out AS DOUBLE) / CAST(amount AS DOUBLE)) / CAST(least_share AS DOUBLE) * GREATEST(1.0, LOG10(CAST(amount AS DOUBLE) / CAST(${least} AS DOUBLE)))`,
      ),
      ttl,
      candidates: `SELECT CONCAT('rapid_in_out-', CAST(id AS STRING)) AS alert_id, customer_id, CAST(id AS STRING) AS subject, settled_at AS window_start,
  settled_at + ${window} AS window_end, outflows + 1 AS transactions, amount, currency, amount_out,
  CONCAT(CAST(CAST(LEAST(100.0, ROUND(100 * CAST(amount_out AS DOUBLE) / CAST(amount AS DOUBLE), 0)) AS INT) AS STRING), '% of what came in left again within ${rules.inOutMinutes} minutes') AS explanation
FROM (
  SELECT /*+ STATE_TTL('i' = '${ttl}', 'o' = '${ttl}') */
    i.id, i.customer_id, i.currency, i.amount, i.settled_at, COUNT(*) AS outflows, SUM(o.amount) AS amount_out
  FROM rapid_inflows AS i
  JOIN rapid_outflows AS o ON i.wallet_id = o.wallet_id AND i.stretch = o.stretch
    AND o.settled_at > i.settled_at AND o.settled_at <= i.settled_at + ${window}
  GROUP BY i.id, i.customer_id, i.currency, i.amount, i.settled_at
  HAVING SUM(o.amount) >= i.amount * ${plain(shareOf(rule).least)}
)`,
    }),
  };
}

/** A new device or PIN, and then money out: one alert per transaction. */
function accountTakeover(rules: Rules, rule: LiveRule, correctionDays: number): Signal {
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
    query: ruledQuery({
      name: 'account_takeover',
      rule,
      condition: 'TRUE',
      severity: "CASE WHEN changes >= 2 THEN 'high' ELSE 'medium' END",
      ttl,
      candidates: `SELECT CONCAT('account_takeover-', CAST(id AS STRING)) AS alert_id, customer_id, CAST(id AS STRING) AS subject,
  created_at - ${window} AS window_start, created_at AS window_end, CAST(1 AS BIGINT) AS transactions, amount, currency, changes,
  CONCAT('money out within ${rules.takeoverMinutes} minutes of ', CAST(changes AS STRING), ' new device or changed PIN') AS explanation
FROM (
  SELECT /*+ STATE_TTL('t' = '${ttl}', 'a' = '${ttl}') */
    t.id, t.customer_id, t.currency, t.amount, t.created_at, COUNT(*) AS changes
  FROM takeover_outflows AS t
  JOIN takeover_changes AS a ON t.customer_id = a.user_id AND t.stretch = a.stretch
    AND t.created_at >= a.occurred_at AND t.created_at <= a.occurred_at + ${window}
  GROUP BY t.id, t.customer_id, t.currency, t.amount, t.created_at
)`,
    }),
  };
}

/**
 * The first completed transaction after so many days without one. Within a stretch of that length no gap is long enough, so
 * it is the first of its stretch; what came before is the last of the stretch before it, or lies further back still.
 */
function dormantAccountWakes(rules: Rules, rule: LiveRule): Signal {
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
    query: ruledQuery({
      name: 'dormant_account_wakes',
      rule,
      condition: 'TRUE',
      severity: "'medium'",
      ttl: undefined,
      candidates: `SELECT CONCAT('dormant_account_wakes-', CAST(a.id AS STRING)) AS alert_id, a.customer_id, CAST(a.id AS STRING) AS subject,
  a.created_at AS window_start, a.created_at AS window_end, CAST(1 AS BIGINT) AS transactions, a.amount, a.currency,
  'the first transaction after ${rules.dormantDays} days or more without one' AS explanation
FROM customer_activity AS a
JOIN activity_stretches AS s ON a.customer_id = s.customer_id AND a.stretch = s.stretch AND a.created_at = s.first_at
JOIN (SELECT customer_id, MIN(first_at) AS first_at FROM activity_stretches GROUP BY customer_id) AS f
  ON a.customer_id = f.customer_id AND a.created_at > f.first_at
LEFT JOIN activity_stretches AS p ON s.customer_id = p.customer_id AND s.stretch - ${length} = p.stretch
WHERE p.last_at IS NULL OR s.first_at - p.last_at >= ${length}`,
    }),
  };
}

/** A customer's first withdrawal, where it is large. */
function firstLargeCashOut(rules: Rules, rule: LiveRule): Signal {
  const threshold = byCurrency('w.currency', rules.structuringThresholds);
  return {
    name: 'first_large_cash_out',
    views: [
      `CREATE TEMPORARY VIEW withdrawals AS
SELECT id, source_user_id AS customer_id, currency, amount, created_at
FROM movements
WHERE status = 'completed' AND \`type\` = 'withdrawal' AND source_user_id IS NOT NULL AND created_at IS NOT NULL;`,
    ],
    query: ruledQuery({
      name: 'first_large_cash_out',
      rule,
      condition: 'amount >= reporting_from * least_share',
      severity: "'medium'",
      ttl: undefined,
      candidates: `SELECT CONCAT('first_large_cash_out-', CAST(w.id AS STRING)) AS alert_id, w.customer_id, CAST(w.id AS STRING) AS subject,
  w.created_at AS window_start, w.created_at AS window_end, CAST(1 AS BIGINT) AS transactions, w.amount, w.currency, ${threshold} AS reporting_from,
  'the first withdrawal of this customer is large' AS explanation
FROM withdrawals AS w
JOIN (SELECT customer_id, MIN(created_at) AS created_at FROM withdrawals GROUP BY customer_id) AS f
  ON w.customer_id = f.customer_id AND w.created_at = f.created_at
WHERE w.amount >= (${threshold}) * ${plain(shareOf(rule).least)}`,
    }),
  };
}

/** Many transactions of one type and channel fail: a provider is down, or cards are being tried. */
function failureRateSpike(rules: Rules, rule: LiveRule, types: InputTypes): Signal {
  const window = rules.failureMinutes * MICROS_PER_MINUTE;
  return {
    name: 'failure_rate_spike',
    views: [],
    query: ruledQuery({
      name: 'failure_rate_spike',
      rule,
      condition: 'transactions >= least_count AND failed >= transactions * least_share',
      severity: "CASE WHEN failed * 2 >= transactions * (1 + least_share) THEN 'high' ELSE 'medium' END",
      ttl: undefined,
      candidates: `SELECT CONCAT('failure_rate_spike-', transaction_type, '-', transaction_channel, '-', CAST(window_start AS STRING)) AS alert_id,
  CAST(NULL AS ${types.userId}) AS customer_id, CONCAT(transaction_type, ' by ', transaction_channel) AS subject, window_start,
  window_start + ${window} AS window_end, settled AS transactions, CAST(NULL AS DECIMAL(38, ${types.moneyScale})) AS amount,
  CAST(NULL AS STRING) AS currency, failed, CONCAT(CAST(failed AS STRING), ' of ', CAST(settled AS STRING), ' failed') AS explanation
FROM (
  SELECT transaction_type, transaction_channel, window_start, COUNT(*) AS settled, SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed
  FROM (
    SELECT \`type\` AS transaction_type, channel AS transaction_channel, ${floorTo('created_at', window)} AS window_start, status
    FROM transactions
    WHERE status IN ('completed', 'failed') AND created_at IS NOT NULL AND \`type\` IS NOT NULL AND channel IS NOT NULL
  )
  GROUP BY transaction_type, transaction_channel, window_start
)
WHERE settled >= ${countOf(rule).least} AND failed >= settled * ${plain(shareOf(rule).least)}`,
    }),
  };
}
