-- Roles with no more rights than needed. Run once as the warehouse's owner, where `sink` is the role that the sink uses:
--   psql -v dbt_password=… -f warehouse-role.sql
create role dbt login password :'dbt_password';
grant usage on schema raw, sink to dbt;
grant select on all tables in schema raw, sink to dbt;
alter default privileges for role sink in schema raw, sink grant select on tables to dbt;

-- dbt owns its schemas, so it needs no right to create others. Temporary tables (incremental models) are everybody's right.
create schema staging authorization dbt; -- holds personal data
create schema intermediate authorization dbt;
create schema marts authorization dbt;

create role analyst; -- for Metabase and people: marts only
grant usage on schema marts to analyst;
alter default privileges for role dbt in schema marts grant select on tables to analyst;
