{# What banks say of the safeguarded accounts, where somebody lands it; empty where the table is absent. #}
with reported as (
  {{ rows_if_present(optional_landed_relation('bank_balances'), {
    'account': ['account', 'text'],
    'currency': ['currency', 'text'],
    'balance_date': ['balance_date', 'date'],
    'balance': ['balance', 'numeric'],
    'reported_at': ['reported_at', 'timestamp with time zone']
  }) | indent(2) }}
)

select distinct on (account, currency, balance_date) *
from reported
order by account asc, currency asc, balance_date asc, reported_at desc
