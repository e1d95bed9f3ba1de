{#
  Whether a customer is one more that paid a merchant in a month more than `least` times, as 1 or 0; between runs, -1 where it no
  longer is. Its payments then are all that there are (paid_count), less those of the changes: what it had before.
#}
{% macro added_users(column, least) -%}
  {%- if is_incremental() -%}
    cast(user_id is not null and paid_count > {{ least }} as integer)
    - cast(user_id is not null and paid_count - coalesce(payment_count, 0) > {{ least }} as integer) as {{ column }}
  {%- else -%}
    cast(user_id is not null and coalesce(payment_count, 0) > {{ least }} as integer) as {{ column }}
  {%- endif -%}
{%- endmacro %}
