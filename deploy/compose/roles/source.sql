-- What source-ewallet may do in the e-wallet's database: read, in the schemas that are synced, and nothing else.
-- psql --set=airbyte_password=… --file=source.sql, as the owner of the tables.
create role airbyte login password :'airbyte_password' nosuperuser nocreatedb nocreaterole;
alter role airbyte set default_transaction_read_only = on;
-- Sees transactions that are in flight, which `check` warns of, in pg_stat_activity.
grant pg_read_all_stats to airbyte;
grant usage on schema public to airbyte;
grant select on all tables in schema public to airbyte;
-- Tables made later by the same owner, so that a new table does not fail a sync.
alter default privileges in schema public grant select on tables to airbyte;
