#!/bin/sh
# Sets up a fresh Metabase (administrator, warehouse connection) and applies the dashboards.
set -eu
ewallet-dashboards setup --url "$METABASE_URL" --warehouse "postgresql://bi:$BI_ROLE_PASSWORD@$WAREHOUSE_HOST:5432/warehouse"
exec ewallet-dashboards apply --url "$METABASE_URL"
