#!/usr/bin/env bash
# What compose.yaml and testcontainers use of the entry point of the image `postgres`: POSTGRES_USER, POSTGRES_PASSWORD and
# POSTGRES_DB, the scripts of /docker-entrypoint-initdb.d on a server that listens on its socket alone, then the server.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres:postgres /var/lib/postgresql /run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
sockets=(-c unix_socket_directories=/run/postgresql)
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  initdb --pgdata="$PGDATA" --username="$user" --pwfile=<(echo "$POSTGRES_PASSWORD") --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --wait start --options="-c listen_addresses='' ${sockets[*]}"
  export PGHOST=/run/postgresql
  if [ "$database" != postgres ]; then
    psql --set=ON_ERROR_STOP=1 --username "$user" --dbname postgres --set=name="$database" <<<'create database :"name"'
  fi
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -e "$script" ] || bash "$script"
  done
  pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
fi
unset PGHOST
exec "$@" -D "$PGDATA" -c listen_addresses='*' "${sockets[@]}"
