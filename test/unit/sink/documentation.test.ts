import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEYS } from '../../../sink-warehouse/src/config/keys';

const page = readFileSync(join(__dirname, '../../../docs/sink-warehouse.md'), 'utf8').replace(/ +/g, ' ');

test.each(KEYS.map((key) => [key.name, key.doc]))(
  'docs/sink-warehouse.md documents %s in the words of the program',
  (name, doc) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row).toContain(doc.replaceAll('|', '\\|'));
  },
);
