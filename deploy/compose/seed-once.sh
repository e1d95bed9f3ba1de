#!/bin/sh
# Gives an empty wallet database its history; a wallet that has one is left alone.
set -eu
exists=$(python3 - <<'PY'
import psycopg2

with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute("select to_regclass('public.transactions') is not null")
    print(cursor.fetchone()[0])
PY
)
if [ "$exists" = True ]; then
  echo "the wallet has a history already"
  exit 0
fi
exec ewallet-simulator seed --rows "$SIMULATOR_ROWS" --seed 42 \
  --database-url "postgresql://$PGUSER:$PGPASSWORD@$PGHOST:${PGPORT:-5432}/$PGDATABASE"
