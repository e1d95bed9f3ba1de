import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { isSeq, parse, parseDocument, type Document } from 'yaml';
import { PipelineCase } from '../../support/audit/pipeline-case';
import { PROJECT_ROOT, runCommand, type CommandResult } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { FIGURES_OF_THE_MARTS, figuresBy, type Figures } from './figures';
import { dbtByMapping } from './mapped-dbt';

const WALLETS = path.join(PROJECT_ROOT, 'test', 'data', 'wallets');

/** A wallet's own schema in a database of its own, and the commands that lead from it to dashboards. */
export interface WalletWalk {
  readonly database: FreshDatabase;
  readonly client: Client;
  readonly file: string;
  readonly folder: string;
  propose(): Promise<CommandResult>;
  check(): Promise<CommandResult>;
  explain(transaction: string): Promise<CommandResult>;
  render(): Promise<CommandResult>;
  dbt(args: readonly string[], vars?: Readonly<Record<string, unknown>>): Promise<CommandResult>;
  /** What the mapping file says, without its comments. */
  mapping(): Promise<Readonly<Record<string, unknown>>>;
  edit(change: (document: Document) => void): Promise<void>;
  /** Sets the lines of the wallet's answers.yml, and answers every question with yes. */
  answer(): Promise<void>;
  figures(): Promise<{ readonly wallet: Figures; readonly marts: Figures }>;
  end(): Promise<void>;
}

/** As a replica: the wallet's own tables are in the warehouse's database. */
export async function walletWalk(name: string, schema: string): Promise<WalletWalk> {
  const database = await freshDatabase((await services()).warehouse, 'mapping');
  const client = await connectedTo(database);
  for (const script of SCRIPTS) await client.query(await readFile(path.join(WALLETS, name, script), 'utf8'));
  await client.query(`reset search_path; set timezone = 'UTC'`);
  return walkFrom({
    name,
    schema,
    database,
    client,
    wallet: client,
    end: async () => {
      await client.end();
      await database.drop();
    },
  });
}

/**
 * Through Kafka: an e-wallet with the wallet's tables, and what source, destination and sink land of it, by one sync of
 * the schema with its customers and one of the trade, which changes rows of the first.
 */
export async function walletWalkThroughKafka(
  name: string,
  schema: string,
): Promise<WalletWalk & { readonly pipeline: PipelineCase }> {
  const pipeline = await PipelineCase.open({ schemas: [schema] });
  pipeline.startSink();
  for (const script of SCRIPTS) {
    await pipeline.source.query(await readFile(path.join(WALLETS, name, script), 'utf8'));
    await pipeline.sync();
  }
  for (const client of [pipeline.source, pipeline.target]) {
    await client.query(`reset search_path; set timezone = 'UTC'`);
  }
  const walk = await walkFrom({
    name,
    schema: 'raw',
    database: pipeline.warehouse,
    client: pipeline.target,
    wallet: pipeline.source,
    end: async () => pipeline.close(),
  });
  return { ...walk, pipeline };
}

/** The demo's own wallet, as the simulator makes it. It has no figures of its own: the models are written for it. */
export async function simulatedWalletWalk(rows: number): Promise<WalletWalk> {
  const database = await freshDatabase((await services()).warehouse, 'mapping');
  const seed = ['seed', '--database-url', database.url, '--rows', String(rows), '--seed', '7'];
  expect(await runCommand('ewallet-simulator', seed)).toMatchObject({ code: 0 });
  const client = await connectedTo(database);
  const end = async (): Promise<void> => {
    await client.end();
    await database.drop();
  };
  return walkFrom({ name: 'demo', schema: 'public', database, client, wallet: client, end });
}

const SCRIPTS = ['schema.sql', 'data.sql'];

interface Landed {
  readonly name: string;
  /** Where the wallet's tables are in `database`. */
  readonly schema: string;
  readonly database: FreshDatabase;
  readonly client: Client;
  /** The wallet's own database, for its own figures. */
  readonly wallet: Client;
  readonly end: () => Promise<void>;
}

async function walkFrom({ name, schema, database, client, wallet, end }: Landed): Promise<WalletWalk> {
  const directory = path.join(WALLETS, name);
  const folder = await mkdtemp(path.join(tmpdir(), "ewallet it's mapped-"));
  const file = path.join(folder, 'mapping.yml');
  const env = { WALLET_URL: database.url };
  const run = async (args: readonly string[]): Promise<CommandResult> => runCommand('ewallet-mapping', args, { env });
  const edit = async (change: (document: Document) => void): Promise<void> => {
    const document = parseDocument(await readFile(file, 'utf8'), { schema: 'failsafe' });
    change(document);
    await writeFile(file, document.toString());
  };
  return {
    database,
    client,
    file,
    folder,
    propose: async () => run(['propose', '--url-env', 'WALLET_URL', '--schema', schema, '--out', file]),
    check: async () => run(['check', '--url-env', 'WALLET_URL', '--mapping', file]),
    explain: async (transaction) => run(['explain', '--url-env', 'WALLET_URL', '--mapping', file, transaction]),
    render: async () => run(['render', '--mapping', file, '--out', path.join(folder, 'dbt')]),
    dbt: async (args, vars = {}) => dbtByMapping(folder, database, [...args, '--vars', JSON.stringify(vars)]),
    mapping: async () =>
      parse(await readFile(file, 'utf8'), { schema: 'failsafe' }) as Readonly<Record<string, unknown>>,
    edit,
    answer: async () => {
      const { set } = parse(await readFile(path.join(directory, 'answers.yml'), 'utf8')) as {
        set: Record<string, string>;
      };
      await edit((document) => {
        for (const [line, value] of Object.entries(set)) document.setIn(line.split('.'), value);
        const questions = document.get('questions', true);
        if (!isSeq(questions)) throw new Error('the mapping has no list of questions');
        for (const [index] of questions.items.entries()) document.setIn(['questions', index, 'answer'], 'yes');
      });
    },
    figures: async () => ({
      wallet: await figuresBy(wallet, await readFile(path.join(directory, 'oracle.sql'), 'utf8')),
      marts: await figuresBy(client, FIGURES_OF_THE_MARTS),
    }),
    end: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
