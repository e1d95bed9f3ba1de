-- Three roles of the warehouse, each with what its job needs: sink writes raw and its own state, dbt reads those and owns
-- what it builds, bi (Metabase) reads marts. psql --set=sink_password=… --set=dbt_password=… --set=bi_password=…
-- --file=warehouse.sql, as an administrator, in the warehouse's database.
create role sink login password :'sink_password' nosuperuser nocreatedb nocreaterole;
create role dbt login password :'dbt_password' nosuperuser nocreatedb nocreaterole;
create role bi login password :'bi_password' nosuperuser nocreatedb nocreaterole;
alter role bi set default_transaction_read_only = on;
-- A question that somebody forgot cannot hold back vacuum for longer.
alter role bi set statement_timeout = '5min';

revoke create on schema public from public;
select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to sink, dbt, bi', current_database()) \gexec
-- Both run `create schema if not exists`, which PostgreSQL refuses without this even where the schema exists.
select format('grant create, temporary on database %I to sink, dbt', current_database()) \gexec

create schema raw authorization sink;
create schema sink authorization sink;
grant usage on schema raw, sink to dbt;
alter default privileges for role sink in schema raw grant select on tables to dbt;
alter default privileges for role sink in schema sink grant select on tables to dbt;

create schema staging authorization dbt;
create schema intermediate authorization dbt;
create schema marts authorization dbt;
-- Staging holds personal data in the clear: bi gets marts alone.
grant usage on schema marts to bi;
alter default privileges for role dbt in schema marts grant select on tables to bi;
