import { migrateSinkSchema } from '@ewallet/sink-schema';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { nothingLanded, readOffsets } from '../state/fences';
import { withWarehouse } from '../state/with-warehouse';

/** Prints one JSON object a partition. */
export async function offsetsCommand(path: string): Promise<void> {
  const config = parseSinkConfig(readConfigFile(path, process.env));
  await withWarehouse(config, async (client) => {
    await migrateSinkSchema(client);
    const rows = await readOffsets(client, config.name);
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    if (rows.length === 0) process.stderr.write(`${nothingLanded(config.name)}\n`);
  });
}
