import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from './command';

/** The version that every part is released under. */
export const VERSION = (
  JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as { readonly version: string }
).version;
