import type { ClientBase } from 'pg';

/**
 * Puts pg_catalog first on the session's search_path: a role or a database may have a schema before it whose functions,
 * operators and types would stand in for PostgreSQL's own. The rest of the path stays, as defaults and triggers of users'
 * tables rest on it.
 */
export async function searchCatalogFirst(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ search_path: string }>('show search_path');
  const path = rows[0]?.search_path ?? '';
  await client.query("select pg_catalog.set_config('search_path', $1, false)", [
    path === '' ? 'pg_catalog' : `pg_catalog, ${path}`,
  ]);
}
