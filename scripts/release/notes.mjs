/** Prints what CHANGELOG.md says of the version in package.json, for the release's page. */
import { readFileSync } from 'node:fs';
import { changesOf } from './versioned-files.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
process.stdout.write(`${changesOf(readFileSync('CHANGELOG.md', 'utf8'), version)}\n`);
