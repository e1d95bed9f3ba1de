/**
 * The sink's own tables in the warehouse. They live beside the data because a row and the offset it came from must commit
 * in one transaction; a second store could never agree with the first after a crash.
 *
 * Statements are idempotent and additive: every start runs them, under an advisory lock, so two sinks that start at once
 * cannot race in `create … if not exists` (PostgreSQL raises unique_violation on pg_namespace when they do).
 */
export const STATE_SCHEMA = 'sink';

/** Any constant works, as long as every sink uses the same one. */
export const STATE_DDL_LOCK = 7_310_583_001;

export const STATE_DDL: readonly string[] = [
  `create schema if not exists ${STATE_SCHEMA}`,
  `create table if not exists ${STATE_SCHEMA}.offsets (
     connector text not null,
     topic text not null,
     partition integer not null,
     next_offset bigint not null check (next_offset >= 0),
     fence bigint not null,
     generation integer not null default -1,
     owner text not null default '',
     topic_id uuid,
     records bigint not null default 0,
     dead_letters bigint not null default 0,
     updated_at timestamptz not null default now(),
     primary key (connector, topic, partition)
   )`,
  `comment on table ${STATE_SCHEMA}.offsets is 'Next Kafka offset to read, committed in the same transaction as the rows; only the sink that holds the fence can move it'`,
  `create table if not exists ${STATE_SCHEMA}.dead_letters (
     connector text not null,
     topic text not null,
     partition integer not null,
     "offset" bigint not null,
     key bytea,
     value bytea,
     headers jsonb not null default '[]',
     record_timestamp timestamptz,
     stage text not null,
     error_class text not null,
     error_message text not null,
     failed_at timestamptz not null default now(),
     produced_at timestamptz,
     replayed_at timestamptz,
     primary key (connector, topic, partition, "offset")
   )`,
  `comment on table ${STATE_SCHEMA}.dead_letters is 'Records that could not land, with their original bytes; produced_at is set once the dead letter topic has them'`,
  `create table if not exists ${STATE_SCHEMA}.tables (
     table_schema text not null,
     table_name text not null,
     connector text not null,
     topic text not null,
     stream text not null,
     columns text[] not null default '{}',
     generation_id bigint,
     created_at timestamptz not null default now(),
     updated_at timestamptz not null default now(),
     primary key (table_schema, table_name, connector, topic)
   )`,
  `comment on table ${STATE_SCHEMA}.tables is 'Which topic fills which table, and the columns that the sink writes there'`,
  `create table if not exists ${STATE_SCHEMA}.connectors (
     connector text primary key,
     target_state text not null check (target_state in ('RUNNING', 'PAUSED', 'STOPPED')),
     updated_at timestamptz not null default now()
   )`,
  `comment on table ${STATE_SCHEMA}.connectors is 'What an operator wants of each connector, for processes that start; no row is RUNNING'`,
];
