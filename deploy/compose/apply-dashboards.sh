#!/bin/sh
# Sets up a fresh Metabase (administrator, warehouse connection) and applies the dashboards. METABASE_URL, METABASE_USER,
# METABASE_PASSWORD and EWALLET_WAREHOUSE_* are read by both commands.
set -eu
ewallet-dashboards setup
exec ewallet-dashboards apply
