export { migrateSinkSchema, type MigrationClient } from './migrate';
export type { Migration } from './migration';
export { MIGRATIONS } from './migrations';
export { SINK_SCHEMA } from './schema';
