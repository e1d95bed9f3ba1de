import { migrateSinkSchema } from '@ewallet/sink-schema';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { readOffsets } from '../state/fences';
import { withWarehouse } from '../state/with-warehouse';

/** Prints one JSON object a partition. */
export async function offsetsCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  await withWarehouse(config, async (client) => {
    await migrateSinkSchema(client);
    for (const row of await readOffsets(client, config.name)) process.stdout.write(`${JSON.stringify(row)}\n`);
  });
}
