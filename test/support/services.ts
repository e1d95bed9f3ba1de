import type { PostgresConnection, StackConnections } from '@ewallet/local-stack';

/** Where global-setup leaves the connections: workers of a jest run are its children and inherit its environment. */
export const SERVICES_VARIABLE = 'EWALLET_TEST_SERVICES';

/**
 * The real services of this jest run: two PostgreSQL servers, Kafka, a schema registry. All test files share them, so a
 * test takes a database of its own (`freshDatabase`) and names of its own (`uniqueName`). A test that stops or kills a
 * server starts its own stack instead (`startStack` of @ewallet/local-stack).
 */
export function services(): Promise<StackConnections> {
  const found = process.env[SERVICES_VARIABLE];
  if (found === undefined) {
    return Promise.reject(
      new Error('no services run: this test belongs to a jest project with test/support/global-setup.ts'),
    );
  }
  return Promise.resolve(JSON.parse(found) as StackConnections);
}

export type { PostgresConnection, StackConnections };
