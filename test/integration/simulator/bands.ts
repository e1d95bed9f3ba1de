/**
 * What is published of wallets that are like this one (sources in tools/demo/README.md): the least and the most that a month's
 * figure may be.
 */
export const BANDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  activity_rate: [0.25, 0.85],
  transactions_per_active: [5, 90],
  mean_ticket_usd: [8, 65],
  take_rate: [0.003, 0.02],
  success_rate: [0.88, 0.98],
  technical_decline_rate: [0, 0.02],
  refunds_to_payments: [0, 0.05],
  fees_per_active_usd: [1, 15],
  daily_to_monthly_active: [0.1, 0.35],
};

/** The figures of each month but the one in which history begins, from the wallet's own tables. */
export const FIGURES = `
  with movements as materialized (
    select t.*, date_trunc('month', t.created_at at time zone 'Asia/Jakarta') as month, (t.created_at at time zone 'Asia/Jakarta')::date as day,
      amount / dollar as usd, fee / dollar as fee_usd, p.user_id is not null as by_customer,
      case when type in ('top_up', 'refund', 'reversal', 'chargeback') then coalesce(r.user_id, p.user_id) else p.user_id end as customer
    from transactions as t
    join wallets as p on p.id = t.source_wallet_id join wallets as r on r.id = t.destination_wallet_id
    join (values ('USD', 1), ('SGD', 1.35), ('PHP', 57), ('IDR', 16000), ('VND', 25000), ('THB', 35)) as rate (currency, dollar)
      on rate.currency = t.currency
  ), days as (
    select month, avg(active) as daily from (
      select month, day, count(distinct customer) as active from movements where status = 'completed' group by 1, 2) as d
    group by 1
  ), months as (
    select month, count(distinct customer) filter (where status = 'completed')::numeric as active,
      count(*) filter (where status = 'completed' and type not in ('refund', 'reversal', 'chargeback') and customer is not null) as transactions,
      sum(usd) filter (where status = 'completed' and type not in ('refund', 'reversal', 'chargeback') and customer is not null) as moved,
      sum(usd) filter (where status = 'completed' and type = 'payment') as paid,
      sum(fee_usd) filter (where status = 'completed' and type = 'payment') as payment_fees,
      sum(fee_usd) filter (where status = 'completed') as fees,
      sum(usd) filter (where status = 'completed' and type in ('refund', 'reversal', 'chargeback')) as refunded,
      count(*) filter (where status in ('completed', 'failed'))::numeric as settled,
      count(*) filter (where status = 'failed') as failed,
      count(*) filter (where failure_reason in ('bank_timeout', 'network_timeout', 'merchant_unavailable')) as technical
    from movements group by 1
  )
  select to_char(month, 'YYYY-MM') as month,
    (months.active / (select count(*) from users as u where u.created_at at time zone 'Asia/Jakarta' < month + interval '1 month'))::float as activity_rate,
    (transactions / months.active)::float as transactions_per_active, (moved / transactions)::float as mean_ticket_usd,
    (payment_fees / paid)::float as take_rate, (1 - failed / settled)::float as success_rate,
    (technical / settled)::float as technical_decline_rate, (refunded / paid)::float as refunds_to_payments,
    (fees / months.active)::float as fees_per_active_usd, (days.daily / months.active)::float as daily_to_monthly_active
  from months join days using (month)
  where month > (select min(month) from months) order by 1`;
