set search_path = savings;
insert into clients (display_name, mobile_no, email_address, country_code, status_enum, submitted_on_date, created_date)
select 'Client ' || g, '+25671' || lpad(g::text, 7, '0'), 'c' || g || '@example.com', 'UG', case when g % 25 = 0 then 600 else 300 end, date '2025-07-01' + g / 4, timestamp '2025-07-01 07:00' + g * interval '6 hours' from generate_series(1, 80) g;
insert into savings_accounts (client_id, currency_code, status_enum, created_date) select id, case when id % 4 = 0 then 'USD' else 'UGX' end, 300, created_date from clients;
insert into savings_account_transactions (savings_account_id, transaction_type_enum, amount, is_reversed, transaction_date, created_date)
select a.id, type, case when type = 1 then 500 + g % 300 when type = 2 then 20 + g % 60 else 2 end, g % 31 = 0, (timestamp '2025-10-01 09:00' + g * interval '95 minutes')::date, timestamp '2025-10-01 09:00' + g * interval '95 minutes'
from (select g, (array[1, 2, 4, 2, 7])[1 + g % 5] as type from generate_series(1, 800) g) as drawn
join lateral (select id from savings_accounts order by id offset (g * 13) % 80 limit 1) as a on true;
update savings_accounts a set account_balance = s.amount from (
  select savings_account_id, sum(case when transaction_type_enum = 1 then amount else -amount end) as amount
  from savings_account_transactions where not is_reversed group by 1) s where s.savings_account_id = a.id;
