#!/usr/bin/env bash
# Runs once, when the data directory is made.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set=airbyte_password="$AIRBYTE_ROLE_PASSWORD" --file=/roles/source.sql
