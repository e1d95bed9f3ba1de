#!/bin/sh
# A sync, then dbt, every SYNC_EVERY_SECONDS. A sync that fails is tried again the next time: its state stays where it
# was, so nothing is lost. SIGTERM ends the running command and the loop.
set -u
trap 'stop=1; [ -z "${child:-}" ] || kill -TERM "$child" 2>/dev/null' TERM INT
stop=

# A trap runs only once the shell is not waiting in the foreground.
run() {
  "$@" &
  child=$!
  wait "$child"
  code=$?
  # The signal ended the wait, not the command: let it finish.
  [ -z "$stop" ] || { wait "$child"; code=$?; }
  child=
  return "$code"
}

while [ -z "$stop" ]; do
  started=$(date +%s)
  if run ewallet-sync run --config /config/sync.json; then
    run dbt build --project-dir /app/dbt --profiles-dir /app/dbt --target-path /tmp/target --log-path /tmp/logs \
      && touch /state/built
  fi
  left=$((SYNC_EVERY_SECONDS - $(date +%s) + started))
  if [ -z "$stop" ] && [ "$left" -gt 0 ]; then run sleep "$left"; fi
done
exit 0
