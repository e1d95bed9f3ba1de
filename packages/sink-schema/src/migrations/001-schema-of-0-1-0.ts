import type { Migration } from '../migration';

/**
 * The tables of version 0.1.0, which kept no record of migrations: hence `if not exists`, so that a warehouse it made is
 * only recorded as being here. Later migrations need none of that.
 */
export const schemaOf010: Migration = {
  number: 1,
  title: 'the tables of version 0.1.0',
  statements: [
    `create table if not exists sink.offsets (
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
    `comment on table sink.offsets is 'Next Kafka offset to read, committed in the same transaction as the rows; only the sink that holds the fence can move it'`,
    `create table if not exists sink.dead_letters (
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
    `comment on table sink.dead_letters is 'Records that could not land, with their original bytes; produced_at is set once the dead letter topic has them'`,
    `create table if not exists sink.tables (
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
    `comment on table sink.tables is 'Which topic fills which table, and the columns that the sink writes there'`,
    `create table if not exists sink.connectors (
       connector text primary key,
       target_state text not null check (target_state in ('RUNNING', 'PAUSED', 'STOPPED')),
       updated_at timestamptz not null default now()
     )`,
    `comment on table sink.connectors is 'What an operator wants of each connector, for processes that start; no row is RUNNING'`,
  ],
};
