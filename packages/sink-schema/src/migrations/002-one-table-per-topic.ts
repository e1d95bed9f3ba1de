import type { Migration } from '../migration';

/**
 * sink.tables becomes the decision which table a topic fills, and whether records replace each other by key there. Version
 * 0.1.0 kept a row for each table that a topic ever filled: the one that was filled last is the one that counts.
 */
export const oneTablePerTopic: Migration = {
  number: 2,
  title: 'one table per topic, and whether it is keyed',
  statements: [
    `delete from sink.tables as old using sink.tables as newer
     where old.connector = newer.connector and old.topic = newer.topic
       and (old.updated_at, old.ctid) < (newer.updated_at, newer.ctid)`,
    `alter table sink.tables
       add column namespace text,
       add column keyed boolean,
       add unique (connector, topic)`,
    `comment on column sink.tables.namespace is 'What \${namespace} of table.name.format stands for; null where version 0.1.0 decided'`,
    `comment on column sink.tables.keyed is 'With pk.mode=record_key: whether the topic''s records have keys; null where that is not decided'`,
    `comment on table sink.tables is 'Which table a topic fills, decided once, and the columns that the sink writes there'`,
  ],
};
