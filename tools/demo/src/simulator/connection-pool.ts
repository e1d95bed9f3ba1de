import { connect, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';

/** A fixed number of open connections, handed out in turn. */
export class ConnectionPool {
  private readonly idle: Client[];
  private readonly waiting: ((client: Client) => void)[] = [];

  private constructor(private readonly clients: readonly Client[]) {
    this.idle = [...clients];
  }

  static async open(config: ConnectionConfig, size: number, applicationName: string): Promise<ConnectionPool> {
    const clients: Client[] = [];
    try {
      for (let i = 0; i < size; i++) clients.push(await connect(config, { applicationName }));
    } catch (error) {
      await Promise.all(clients.map((client) => client.end()));
      throw error;
    }
    return new ConnectionPool(clients);
  }

  /** How many wait for a connection: the caller's sign to make no more work. */
  get queued(): number {
    return this.waiting.length;
  }

  /** Runs `work` in one database transaction: committed when it resolves, rolled back when it throws. */
  async transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = this.idle.pop() ?? (await new Promise<Client>((resolve) => this.waiting.push(resolve)));
    try {
      await client.query('begin');
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      // On a broken connection the rollback fails too; the first error is the one to tell.
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(client);
      else next(client);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end()));
  }
}
