{#
  Operations of a wallet whose table has more than a row for each, or one that names one side only. ewallet_operations says how:

    { kind: states, operation: …, order: …, parts: false }
      Each row is a state that an operation went through. The last row by `order` says what it is, the first when it was made. Where
      an operation may be completed in parts (parts: true), amounts and fees of the rows in its last state are added.

    { kind: legs, operation: …, wallet: …, amount: …, order: …, charge_when: … }
      Each row adds `amount`, negative or not, to `wallet`. Legs of an operation are paired by currency: who gives and who gets. What
      they do not add up to came from outside, or went there (the currency's float wallet), and of rows that `charge_when` is true
      of to the fee wallet. What a giver adds to the fee wallet is the fee of what else it gives. The operation's first leg has its
      type, status and dates.

  All are SQL over the table's own columns. ewallet-mapping works without dbt and has the same SQL in
  mapping/src/wallet/operations-sql.ts: change both, a test compares their rows.
#}

{# The columns of an operation that are worked out from its rows, by name, and the SQL that reads them. #}
{% macro operation_columns() %}
  {%- set how = var('ewallet_operations') -%}
  {%- if not how -%}
    {{ return({}) }}
  {%- elif how.kind == 'states' -%}
    {%- set columns = {'id': 'ewallet_operation_id', 'created_at': 'ewallet_created_at'} -%}
    {%- if how.parts -%}
      {%- do columns.update({'amount': 'ewallet_amount', 'fee': 'ewallet_fee'}) -%}
    {%- endif -%}
    {{ return(columns) }}
  {%- elif how.kind == 'legs' -%}
    {{ return({
      'id': 'ewallet_operation_id',
      'source_wallet_id': 'ewallet_source_wallet_id',
      'destination_wallet_id': 'ewallet_destination_wallet_id',
      'amount': 'ewallet_amount',
      'fee': 'ewallet_fee',
      'destination_fee': '0'
    }) }}
  {%- endif -%}
  {%- do exceptions.raise_compiler_error("ewallet_operations.kind is " ~ how.kind ~ ": it must be states or legs") -%}
{% endmacro %}

{% macro operations(rows) -%}
  {{ operations_of_states(rows) if var('ewallet_operations').kind == 'states' else operations_of_legs(rows) }}
{%- endmacro %}

{% macro operations_of_states(rows) -%}
  {%- set how = var('ewallet_operations') -%}
  (
    select distinct on (ewallet_operation_id) *
    from (
      select
        source_rows.*,
        {{ how.operation }} as ewallet_operation_id,
        row_number() over states as ewallet_state_number,
        first_value({{ landed_column('transactions', 'created_at', 'created_at') }}) over states as ewallet_created_at,
        max({{ row_loaded_at('transactions', 'updated_at') }}) over (partition by {{ how.operation }}) as ewallet_loaded_at
        {%- if how.parts -%}
        {%- for column, default in {'amount': 'amount', 'fee': 'fee'}.items() -%}
        ,
        sum({{ landed_column('transactions', column, default) }})
          over (partition by {{ how.operation }}, {{ landed_column('transactions', 'status', 'status') }}) as ewallet_{{ column }}
        {%- endfor -%}
        {%- endif %}
      from {{ rows }}
      window states as (
        partition by {{ how.operation }}
        order by {{ how.order }}, {{ landed_column('transactions', 'id', 'id') }}
      )
    ) as states
    order by ewallet_operation_id, ewallet_state_number desc
  ) as source_rows
{%- endmacro %}

{% macro operations_of_legs(rows) -%}
  {%- set how = var('ewallet_operations') -%}
  (
    with legs as materialized (
      select
        source_rows.*,
        cast({{ how.operation }} as text) as ewallet_operation,
        cast({{ landed_column('transactions', 'currency', 'currency') }} as text) as ewallet_currency,
        cast({{ how.wallet }} as {{ var('key_type') }}) as ewallet_wallet_id,
        cast({{ how.amount }} as numeric) as ewallet_leg_amount,
        {{ '(' ~ how.charge_when ~ ') is true' if how.charge_when else 'false' }} as ewallet_is_charge,
        row_number() over (
          partition by {{ how.operation }}
          order by {{ how.order ~ ', ' if how.order }}{{ landed_column('transactions', 'id', 'id') }}
        ) as ewallet_leg_number,
        max({{ row_loaded_at('transactions', 'updated_at') }}) over (partition by {{ how.operation }}) as ewallet_loaded_at
      from {{ rows }}
    ),

    counterparts as (
      select
        source_currency,
        (array_agg(wallet_id order by wallet_id) filter (where wallet_kind = 'float'))[1] as outside_wallet_id,
        (array_agg(wallet_id order by wallet_id) filter (where wallet_kind = 'fee'))[1] as fee_wallet_id
      from {{ ref('stg_ewallet__wallets') }}
      group by source_currency
    ),

    -- A leg and its opposite on the counterpart: those of legs that balance each other add up to nothing.
    booked as (
      select
        legs.ewallet_operation,
        legs.ewallet_currency,
        counterparts.fee_wallet_id,
        sides.wallet_id,
        sum(sides.amount) as amount
      from legs
      left join counterparts on legs.ewallet_currency = counterparts.source_currency
      cross join lateral (
        values
        (legs.ewallet_wallet_id, legs.ewallet_leg_amount),
        (
          case when legs.ewallet_is_charge then counterparts.fee_wallet_id else counterparts.outside_wallet_id end,
          -legs.ewallet_leg_amount
        )
      ) as sides (wallet_id, amount)
      group by legs.ewallet_operation, legs.ewallet_currency, counterparts.fee_wallet_id, sides.wallet_id
    ),

    -- Givers and receivers of an operation side by side, each from what those before it have to its own end.
    spans as (
      select
        *,
        amount < 0 as gives,
        sum(abs(amount)) over same_side - abs(amount) as span_from,
        sum(abs(amount)) over same_side as span_until
      from booked
      where amount <> 0
      window same_side as (
        partition by ewallet_operation, ewallet_currency, amount < 0
        order by coalesce(wallet_id = fee_wallet_id, false), wallet_id
      )
    ),

    pairs as (
      select
        giver.ewallet_operation,
        giver.ewallet_currency,
        giver.wallet_id as source_wallet_id,
        receiver.wallet_id as destination_wallet_id,
        least(giver.span_until, receiver.span_until) - greatest(giver.span_from, receiver.span_from) as amount,
        coalesce(receiver.wallet_id = receiver.fee_wallet_id, false) as is_fee
      from spans as giver
      inner join spans as receiver
        on
          giver.ewallet_operation = receiver.ewallet_operation
          and giver.ewallet_currency = receiver.ewallet_currency
          and giver.span_from < receiver.span_until
          and receiver.span_from < giver.span_until
      where giver.gives and not receiver.gives
    ),

    of_givers as (
      select
        *,
        sum(case when is_fee then amount else 0 end) over giver as fee_of_giver,
        bool_and(is_fee) over giver as gives_fees_only,
        row_number() over (giver order by is_fee, destination_wallet_id) as number_of_giver
      from pairs
      window giver as (partition by ewallet_operation, ewallet_currency, source_wallet_id)
    ),

    numbered as (
      select
        *,
        case when number_of_giver = 1 and not is_fee then fee_of_giver else 0 end as fee,
        row_number()
          over (partition by ewallet_operation order by ewallet_currency, source_wallet_id, destination_wallet_id)
          as pair_number
      from of_givers
      where not is_fee or gives_fees_only
    )

    select
      first_legs.*,
      {{ operation_key('numbered.ewallet_operation', 'numbered.pair_number') }} as ewallet_operation_id,
      numbered.source_wallet_id as ewallet_source_wallet_id,
      numbered.destination_wallet_id as ewallet_destination_wallet_id,
      numbered.amount as ewallet_amount,
      numbered.fee as ewallet_fee
    from numbered
    inner join (
      select distinct on (ewallet_operation, ewallet_currency) *
      from legs
      order by ewallet_operation, ewallet_currency, ewallet_leg_number
    ) as first_legs
      on
        numbered.ewallet_operation = first_legs.ewallet_operation
        and numbered.ewallet_currency = first_legs.ewallet_currency
  ) as source_rows
{%- endmacro %}

{# The first pair of an operation has its key, the others one that is made of it; a number has no room for that. #}
{% macro operation_key(operation, number) -%}
  {%- set further = operation ~ " || ':' || " ~ number -%}
  case
    when {{ number }} = 1 then cast({{ operation }} as {{ var('key_type') }})
    else cast({{ 'md5(' ~ further ~ ')' if var('key_type') == 'uuid' else further }} as {{ var('key_type') }})
  end
{%- endmacro %}

{# The key of the float or fee wallet of a currency that the e-wallet itself has none for (ewallet_virtual_wallets). #}
{% macro virtual_wallet_key(kind, currency) -%}
  {%- set name = "'" ~ kind ~ ":' || " ~ currency -%}
  {%- if var('key_type') == 'bigint' -%}
    -1 - abs(cast(hashtext({{ name }}) as bigint))
  {%- elif var('key_type') == 'uuid' -%}
    cast(md5({{ name }}) as uuid)
  {%- else -%}
    {{ name }}
  {%- endif -%}
{%- endmacro %}
