#!/usr/bin/env bash
# podman as podman-compose needs it, where it is older than 4.6 or where no systemd runs. The program is $PODMAN.
set -u
# Without systemd nobody runs the health checks: whoever waits for a healthy container runs its check.
if [ "${1:-} ${2:-}" = 'wait --condition=healthy' ]; then
  shift 2
  for container in "$@"; do
    until "$PODMAN" healthcheck run "$container" >/dev/null 2>&1; do sleep 2; done
  done
  exit 0
fi
# podman-compose leaves `service_healthy` out where this says less.
if [ "${1:-}" = --version ]; then
  echo 'podman version 4.6.0'
  exit 0
fi
# podman 4.3 does not start a container whose required container required another one; podman-compose waits for them itself.
words=()
for word in "$@"; do
  case $word in --requires=*) ;; *) words+=("$word") ;; esac
done
exec "$PODMAN" "${words[@]}"
