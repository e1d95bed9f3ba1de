-- pg_dump of schema sink as version 0.1.0 made it, with a connector that was paused, a dead letter, and a topic whose
-- table.name.format was changed once. Never edited: the test of the migrations upgrades it.
CREATE SCHEMA sink;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE sink.connectors (
    connector text NOT NULL,
    target_state text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT connectors_target_state_check CHECK ((target_state = ANY (ARRAY['RUNNING'::text, 'PAUSED'::text, 'STOPPED'::text])))
);
COMMENT ON TABLE sink.connectors IS 'What an operator wants of each connector, for processes that start; no row is RUNNING';
CREATE TABLE sink.dead_letters (
    connector text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    value bytea,
    headers jsonb DEFAULT '[]'::jsonb NOT NULL,
    record_timestamp timestamp with time zone,
    stage text NOT NULL,
    error_class text NOT NULL,
    error_message text NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL,
    produced_at timestamp with time zone,
    replayed_at timestamp with time zone
);
COMMENT ON TABLE sink.dead_letters IS 'Records that could not land, with their original bytes; produced_at is set once the dead letter topic has them';
CREATE TABLE sink.offsets (
    connector text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    fence bigint NOT NULL,
    generation integer DEFAULT '-1'::integer NOT NULL,
    owner text DEFAULT ''::text NOT NULL,
    topic_id uuid,
    records bigint DEFAULT 0 NOT NULL,
    dead_letters bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT offsets_next_offset_check CHECK ((next_offset >= 0))
);
COMMENT ON TABLE sink.offsets IS 'Next Kafka offset to read, committed in the same transaction as the rows; only the sink that holds the fence can move it';
CREATE TABLE sink.tables (
    table_schema text NOT NULL,
    table_name text NOT NULL,
    connector text NOT NULL,
    topic text NOT NULL,
    stream text NOT NULL,
    columns text[] DEFAULT '{}'::text[] NOT NULL,
    generation_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE sink.tables IS 'Which topic fills which table, and the columns that the sink writes there';
INSERT INTO sink.connectors VALUES ('wallet', 'PAUSED', '2026-03-01 00:00:00+00');
INSERT INTO sink.dead_letters VALUES ('wallet', 'public.users', 0, 4, '\x00', '\xff00', '[{"key": "stream", "value": "users"}]', '2026-03-01 09:59:00+00', 'VALUE_CONVERTER', 'DataException', 'the value is not in Confluent''s wire format', '2026-03-01 10:00:00+00', NULL, NULL);
INSERT INTO sink.offsets VALUES ('wallet', 'public.users', 0, 7, 3, 2, 'sink-1/12/ab12cd34', '00000000-0000-4000-8000-000000000001', 6, 1, '2026-03-01 10:00:00+00');
INSERT INTO sink.offsets VALUES ('wallet', 'eu.users', 0, 2, 1, 1, 'sink-1/12/ab12cd34', NULL, 2, 0, '2026-02-01 10:00:00+00');
INSERT INTO sink.tables VALUES ('raw', 'users', 'wallet', 'public.users', 'users', '{id,name,_airbyte_extracted_at}', NULL, '2026-01-01 00:00:00+00', '2026-03-01 00:00:00+00');
INSERT INTO sink.tables VALUES ('raw', 'users_old', 'wallet', 'public.users', 'users', '{id}', NULL, '2025-01-01 00:00:00+00', '2025-03-01 00:00:00+00');
INSERT INTO sink.tables VALUES ('raw', 'eu_users', 'wallet', 'eu.users', 'users', '{id}', NULL, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00');
ALTER TABLE ONLY sink.connectors
    ADD CONSTRAINT connectors_pkey PRIMARY KEY (connector);
ALTER TABLE ONLY sink.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (connector, topic, partition, "offset");
ALTER TABLE ONLY sink.offsets
    ADD CONSTRAINT offsets_pkey PRIMARY KEY (connector, topic, partition);
ALTER TABLE ONLY sink.tables
    ADD CONSTRAINT tables_pkey PRIMARY KEY (table_schema, table_name, connector, topic);
