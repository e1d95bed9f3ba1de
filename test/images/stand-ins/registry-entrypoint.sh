#!/usr/bin/env bash
# REGISTRY_DATASOURCE_* must open a database in which the role may create tables, as the real registry needs it.
set -euo pipefail
if [ -n "${REGISTRY_DATASOURCE_URL:-}" ]; then
  PGPASSWORD=$REGISTRY_DATASOURCE_PASSWORD psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --username "$REGISTRY_DATASOURCE_USERNAME" "${REGISTRY_DATASOURCE_URL#jdbc:}" \
    --command='begin; create table stand_in (); rollback'
fi
export REGISTRY_DATASOURCE_URL=jdbc:h2:file:/home/registry/schemas REGISTRY_DATASOURCE_USERNAME=sa REGISTRY_DATASOURCE_PASSWORD=sa
exec java ${JAVA_OPTIONS:--Xmx256m} -XX:TieredStopAtLevel=1 -Dquarkus.datasource.jdbc.initial-size=2 \
  -Dquarkus.datasource.jdbc.min-size=2 -jar /deployments/apicurio-registry-app-*-runner.jar
