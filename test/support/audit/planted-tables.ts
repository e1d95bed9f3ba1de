import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { connectedTo, freshDatabase, type FreshDatabase } from '../fresh-database';
import { services } from '../services';

/**
 * Two databases without a pipeline between them: the warehouse's tables are made by the same statements as the
 * e-wallet's, with the columns that the sink adds, so that every difference is one that the test made.
 */
export class PlantedTables {
  private constructor(
    readonly directory: string,
    readonly wallet: FreshDatabase,
    readonly warehouse: FreshDatabase,
    readonly source: Client,
    readonly target: Client,
  ) {}

  static async open(): Promise<PlantedTables> {
    const stack = await services();
    const wallet = await freshDatabase(stack.source, 'audit');
    const warehouse = await freshDatabase(stack.warehouse, 'audit');
    const source = await connectedTo(wallet);
    const target = await connectedTo(warehouse);
    for (const client of [source, target]) client.on('error', () => undefined);
    await target.query('create schema raw');
    const directory = await mkdtemp(path.join(tmpdir(), 'audit-'));
    return new PlantedTables(directory, wallet, warehouse, source, target);
  }

  /** The same table and rows on both sides. @param landed the warehouse's columns, where they are declared otherwise */
  async plant(table: string, columns: string, rows: string, landed = columns): Promise<void> {
    await this.source.query(`create table ${table} (${columns})`);
    await this.source.query(`insert into ${table} ${rows}`);
    await this.target.query(
      `create table raw.${table} (${landed}, _airbyte_meta jsonb, _loaded_at timestamptz default now())`,
    );
    await this.target.query(`insert into raw.${table} ${rows}`);
    await this.source.query(`analyze ${table}`);
    await this.target.query(`analyze raw.${table}`);
  }

  async close(): Promise<void> {
    await this.source.end();
    await this.target.end();
    await this.wallet.drop();
    await this.warehouse.drop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
