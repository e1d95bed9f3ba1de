import { connectedTo } from '../fresh-database';
import { services } from '../services';
import type { PipelineCase } from './pipeline-case';

/** The password of a watcher. */
export const WATCHER_PASSWORD = 'watch';

/** A role on both servers that owns nothing and may do nothing yet. */
export async function createWatcher({ source, target }: PipelineCase, role: string): Promise<void> {
  for (const client of [source, target]) {
    await client.query(`create role ${role} login password '${WATCHER_PASSWORD}'`);
  }
}

/** After the case is closed: a role that has grants in a database cannot be dropped. */
export async function dropWatcher(role: string): Promise<void> {
  const stack = await services();
  for (const server of [stack.source, stack.warehouse]) {
    const client = await connectedTo(server);
    await client.query(`drop role ${role}`);
    await client.end();
  }
}
