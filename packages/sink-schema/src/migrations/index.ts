import type { Migration } from '../migration';
import { schemaOf010 } from './001-schema-of-0-1-0';
import { oneTablePerTopic } from './002-one-table-per-topic';
import { audits } from './003-audits';

/** In order of their numbers. To add one: a file of its own here, and a line at the end of this list. */
export const MIGRATIONS: readonly Migration[] = [schemaOf010, oneTablePerTopic, audits];
