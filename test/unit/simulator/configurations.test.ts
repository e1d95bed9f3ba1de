import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPipelineConfig } from '../../../pipeline/src/config/pipeline-config';
import { writeConfigurations } from '../../../tools/demo/src/run/configurations';

const database = (name: string) => ({
  ...{ host: 'localhost', port: 5432, database: name, username: 'u', password: 'p' },
});
const CONNECTIONS = {
  source: database('wallet'),
  warehouse: database('warehouse'),
  kafka: { bootstrapServers: 'localhost:9092' },
  schemaRegistry: { url: 'http://localhost:8081' },
};

test.each([[true], [false]])(
  "with the stream %s, the status of what the demo's files describe looks at every part that runs and at no other",
  async (realtime) => {
    const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-demo-'));
    try {
      const { pipeline } = await writeConfigurations(dir, CONNECTIONS, { cdc: false, realtime });
      const config = await readPipelineConfig(pipeline);
      expect(config).toMatchObject({
        ewallet: { connection: { database: 'wallet' } },
        sync: { name: 'wallet' },
        kafka: { brokers: ['localhost:9092'] },
        sink: { name: 'wallet' },
        warehouse: { database: 'warehouse' },
      });
      expect(config.realtime).toEqual(
        realtime
          ? {
              job: 'ewallet-realtime realtime',
              at: { kind: 'directory', directory: path.join(dir, 'realtime') },
              headers: {},
              checkpointAgeSeconds: 60,
              lagRecords: 10_000,
            }
          : undefined,
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);
