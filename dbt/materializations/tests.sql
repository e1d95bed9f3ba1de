{#
  Tests have no hooks: a count() in a schema before pg_catalog could let each of them pass. A test's transaction is prepared here;
  stored failures end it, so that the statement which counts them prepares its own (macros/search_path.sql). In a folder of their
  own, as sqlfluff does not know the tag.
#}
{% materialization test, adapter = 'postgres' %}
  {% call statement('own_names_first') %}
    {{ own_names_first() }}
  {% endcall %}
  {% call statement('own_names_hold') %}
    {{ own_names_hold() }}
  {% endcall %}
  {{ return(materialization_test_default()) }}
{% endmaterialization %}

{% materialization unit, adapter = 'postgres' %}
  {% call statement('own_names_first') %}
    {{ own_names_first() }}
  {% endcall %}
  {% call statement('own_names_hold') %}
    {{ own_names_hold() }}
  {% endcall %}
  {{ return(materialization_unit_default()) }}
{% endmaterialization %}
