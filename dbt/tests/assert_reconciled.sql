{#
  While the wallet is in use, wallets and transactions land at different moments, so a difference is a warning;
  strict_reconciliation makes it an error for a wallet at rest.
#}
{{ config(severity='error' if var('strict_reconciliation') else 'warn') }}

select
  check_name,
  subject,
  currency,
  difference,
  mismatch_count
from {{ ref('reconciliation') }}
where not is_reconciled
