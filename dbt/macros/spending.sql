{# What counts as a customer's spending; with net amounts, refunds take away from it. Moving money to oneself is none. #}
{% macro is_spending() -%}
  transaction_type in ('payment', 'transfer', 'withdrawal', 'refund') and not is_internal_transfer
{%- endmacro %}

{#
  Bands of a transaction's value in the reporting currency: column, from, up to but without. They widen, as amounts do, and are
  multiplied by reporting_amount_scale.
#}
{% macro size_bands() %}
  {{ return([
    ('under_1_count', 0, 1),
    ('from_1_to_5_count', 1, 5),
    ('from_5_to_20_count', 5, 20),
    ('from_20_to_100_count', 20, 100),
    ('from_100_to_500_count', 100, 500),
    ('from_500_to_2000_count', 500, 2000),
    ('from_2000_count', 2000, none)
  ]) }}
{% endmacro %}

{% macro channels() %}
  {{ return(['app', 'web', 'qr', 'agent', 'bank_transfer', 'card', 'api']) }}
{% endmacro %}
