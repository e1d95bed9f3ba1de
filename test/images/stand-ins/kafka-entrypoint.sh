#!/usr/bin/env bash
# What compose.yaml and testcontainers use of the entry point of the image `apache/kafka`: each KAFKA_* variable is a line of
# server.properties (_ is a dot), CLUSTER_ID, KAFKA_HEAP_OPTS; new directories are formatted, then the broker runs as process 1.
set -euo pipefail
settings=/opt/kafka/config/server.properties
echo "log.dirs=${KAFKA_LOG_DIRS:-/tmp/kraft-combined-logs}" > "$settings"
for name in $(compgen -e KAFKA_); do
  case $name in KAFKA_HEAP_OPTS | KAFKA_LOG_DIRS) continue ;; esac
  key=${name#KAFKA_}
  key=${key//_/.}
  echo "${key,,}=${!name}" >> "$settings"
done
kafka=(-Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties -cp '/opt/kafka/libs/*')
java -Xmx128m -XX:TieredStopAtLevel=1 "${kafka[@]}" kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id "${CLUSTER_ID:-standInClusterIdentity}" --config "$settings"
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} "${kafka[@]}" kafka.Kafka "$settings"
