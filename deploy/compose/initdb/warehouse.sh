#!/usr/bin/env bash
# Runs once, when the data directory is made.
set -euo pipefail
run() { psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"; }
run --set=sink_password="$SINK_ROLE_PASSWORD" --set=dbt_password="$DBT_ROLE_PASSWORD" \
  --set=bi_password="$BI_ROLE_PASSWORD" --file=/roles/warehouse.sql
# Where Metabase and the registry keep what is theirs; neither sees the warehouse with these roles.
run --set=metabase_password="$METABASE_APP_PASSWORD" --set=registry_password="$REGISTRY_PASSWORD" <<'SQL'
create role metabase login password :'metabase_password';
create database metabase owner metabase;
create role registry login password :'registry_password';
create database registry owner registry;
SQL
