import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import type { BenchSession } from './bench-session';
import { programPath } from './programs';

/** A captured sync of these tables, whose publication, slot and topics have its name. @returns the file of its configuration */
export async function followConfig(session: BenchSession, name: string, streams: readonly string[]): Promise<string> {
  const { host, port, database, username, password } = session.stack.source;
  const { kafka, schemaRegistry } = session.stack;
  const file = path.join(session.directory, `${name}-sync.json`);
  await writeFile(
    file,
    JSON.stringify({
      name,
      streams,
      source: {
        config: {
          ...{ host, port, database, username, password, schemas: ['public'], ssl_mode: { mode: 'disable' } },
          replication_method: { method: 'CDC', replication_slot: name, publication: name, slot_creation: 'if_missing' },
        },
      },
      destination: {
        config: {
          bootstrap_servers: kafka.bootstrapServers,
          topic_pattern: `${name}.{stream}`,
          protocol: { security_protocol: 'PLAINTEXT' },
          schema_registry: { url: schemaRegistry.url },
          ...session.overrides.destination,
        },
      },
    }),
  );
  return file;
}

export interface Followed {
  /** @throws Failure where it does not end with exit code 0 */
  stop(): Promise<void>;
  /** Ends it, however it stands. */
  end(): Promise<void>;
}

/** Until it is stopped; what it says goes to the session's errors. */
export function startFollowing({ errors }: BenchSession, config: string): Followed {
  const log = openSync(errors, 'a');
  const command = ['run', '--config', config, '--follow'];
  const child = spawn(programPath('ewallet-sync'), command, { stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = once(child, 'exit');
  return {
    async stop() {
      child.kill('SIGTERM');
      const [code] = (await exited) as [number | null];
      if (code !== 0) throw Failure.system(`ewallet-sync ended with exit code ${String(code)}; see ${errors}`);
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
