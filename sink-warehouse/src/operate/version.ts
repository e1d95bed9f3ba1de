import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The workspace's version, which `npm version` sets. Both `src` and `dist` lie beside package.json. */
export const VERSION: string = (
  JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }
).version;
