{# What counts as a customer's spending; with net amounts, refunds take away from it. Moving money to oneself is none. #}
{% macro is_spending() -%}
  transaction_type in ('payment', 'transfer', 'withdrawal', 'refund') and not is_internal_transfer
{%- endmacro %}
