import type { Migration } from '../migration';

/** What ewallet-audit found, so that the time of the last proof is beside the rows that it is about. */
export const audits: Migration = {
  number: 3,
  title: 'results of ewallet-audit',
  statements: [
    `create table sink.audits (
       audit_id uuid not null,
       stream text not null,
       table_name text not null,
       started_at timestamptz not null,
       finished_at timestamptz not null default now(),
       equal boolean not null,
       rows bigint not null,
       missing bigint not null,
       extra bigint not null,
       different bigint not null,
       in_flight bigint not null,
       nulled bigint not null,
       keys_only boolean not null,
       sample_percent numeric,
       primary key (audit_id, stream)
     )`,
    `comment on table sink.audits is 'One row per stream and run of ewallet-audit; where keys_only or sample_percent is set, less was proven'`,
  ],
};
