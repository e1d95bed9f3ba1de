/** The `version` step of `npm version`: writes the new version of package.json to every other place that has it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { releaseChangelog, releaseUpgrading, versionedFiles } from './versioned-files.mjs';

const root = process.argv[2] ?? process.cwd();
const at = (file) => path.join(root, file);
const { version, workspaces } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

for (const [file, rewrite] of versionedFiles(workspaces)) {
  try {
    writeFileSync(at(file), rewrite(readFileSync(at(file), 'utf8'), version));
  } catch (error) {
    process.stderr.write(`${file}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
const today = new Date().toISOString().slice(0, 10);
writeFileSync(at('CHANGELOG.md'), releaseChangelog(readFileSync(at('CHANGELOG.md'), 'utf8'), version, today));
writeFileSync(at('docs/upgrading.md'), releaseUpgrading(readFileSync(at('docs/upgrading.md'), 'utf8'), version));
