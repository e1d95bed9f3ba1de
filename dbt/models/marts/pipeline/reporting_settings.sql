{# What dashboards have to know of the variables that this run was given; nothing else says them twice. #}
select
  cast('{{ var("reporting_currency") }}' as text) as reporting_currency,
  cast('{{ var("reporting_time_zone") }}' as text) as reporting_time_zone,
  cast({{ var('reporting_amount_scale') }} as numeric(12, 3)) as amount_scale
