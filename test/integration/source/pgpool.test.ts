import type { PostgresConnection } from '@ewallet/local-stack';
import { runAudit } from '../../support/audit/audit-run';
import { sourceConfig } from '../../support/configurations';
import { pgpoolIsAvailable, startPgpool, type Pgpool } from '../../support/pgpool';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

const withPgpool = pgpoolIsAvailable() ? describe : describe.skip;

const REFUSAL =
  /Pgpool-II \d[\d.]* \(\w+\) stands between with 2 servers and load_balance_mode = on: it sends statements of one transaction to different servers, which see different rows\. Set load_balance_mode = off in a Pgpool-II of its own for this pipeline, or connect to PostgreSQL itself\./;

withPgpool('Pgpool-II before a primary and its standby', () => {
  const poolers: Pgpool[] = [];
  let family: ServerFamily;
  let primary: WalletServer;
  let sinks: SinkCase;
  let balanced: PostgresConnection;
  let plain: PostgresConnection;

  beforeAll(async () => {
    sinks = await SinkCase.open();
    family = await ServerFamily.make();
    primary = await family.start('primary', { settings: { shared_buffers: '64MB' } });
    await primary.run(`create table payments (id int primary key, at timestamptz);
      insert into payments select i, '2026-01-02 03:04:05Z' from generate_series(1, 100) i;
      alter role ${primary.connection.username} set TimeZone = 'Asia/Jakarta'`);
    await primary.stack.service('source').stop();
    await family.copy(primary, 'standby');
    await primary.stack.service('source').start();
    const { host, port, username, password } = primary.connection;
    const standby = await family.start('standby', {
      settings: {
        primary_conninfo: `host=${host} port=${port} user=${username} password=${password}`,
        shared_buffers: '64MB',
      },
      files: { 'standby.signal': '' },
    });
    await standby.follows(primary);
    const through = async (loadBalance: boolean): Promise<PostgresConnection> => {
      const pooler = await startPgpool([primary.connection, standby.connection], { loadBalance });
      poolers.push(pooler);
      return { ...primary.connection, port: pooler.port };
    };
    balanced = await through(true);
    plain = await through(false);
  });
  afterAll(async () => {
    for (const pooler of poolers) await pooler.stop();
    await family.end();
    await sinks.close();
  });

  test('that spreads reads over both is refused by name by check and read of the source, before anything is read', async () => {
    const config = sourceConfig(balanced);
    const check = await runWalletSource('check', config);
    expect(check.messages.at(-1)?.connectionStatus).toEqual({
      status: 'FAILED',
      message: expect.stringMatching(REFUSAL) as unknown,
    });
    const catalog = await configuredCatalog(sourceConfig(primary.connection), 'incremental', ['payments']);
    const read = await runWalletSource('read', config, catalog);
    expect({ code: read.code, records: records(read) }).toEqual({ code: 1, records: [] });
    expect(read.messages.flatMap(({ trace }) => trace?.error ?? [])[0]).toMatchObject({
      failure_type: 'config_error',
      message: expect.stringMatching(REFUSAL) as unknown,
    });
  });

  test('that spreads reads over both is refused by name by the sink and the audit', async () => {
    const { username, password, host, port, database } = balanced;
    const url = `postgresql://${username}:${password}@${host}:${port}/${database}`;
    const validate = await runSink('validate', sinks.config(uniqueName('pooled'), { 'connection.url': url }));
    expect({ code: validate.code, stderr: validate.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(REFUSAL) as unknown,
    });
    const audit = await runAudit({ directory: sinks.directory, wallet: balanced, warehouse: sinks.database });
    expect({ code: audit.code, stderr: audit.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(REFUSAL) as unknown,
    });
  });

  test('that sends everything to the primary gives the same rows as the primary itself', async () => {
    const config = sourceConfig(plain);
    expect((await runWalletSource('check', config)).messages.at(-1)?.connectionStatus).toEqual({ status: 'SUCCEEDED' });
    const catalog = await configuredCatalog(config, 'incremental', ['payments']);
    const through = await runWalletSource('read', config, catalog);
    const direct = await runWalletSource('read', sourceConfig(primary.connection), catalog);
    expect(records(through)).toHaveLength(100);
    expect({ code: through.code, records: records(through) }).toEqual({ code: 0, records: records(direct) });
  });
});
