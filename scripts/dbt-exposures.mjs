// Writes dbt/models/exposures.yml from the dashboards' JSON, so that lineage ends in named dashboards:
//   npm run dbt:exposures            rewrite
//   npm run dbt:exposures -- --check fail when the file is out of date
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const content = path.join(root, 'metabase', 'content');
const target = path.join(root, 'dbt', 'models', 'exposures.yml');

const readFolder = (folder) =>
  readdirSync(path.join(content, folder))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(content, folder, name), 'utf8')));

const martsOf = new Map(
  readFolder('questions').map((question) => [
    question.key,
    [...question.sql.join('\n').matchAll(/\bmarts\.(\w+)/g)].map(([, mart]) => mart),
  ]),
);

const exposures = readFolder('dashboards').map((dashboard) => {
  const cards = dashboard.tabs.flatMap((tab) => tab.cards).filter((card) => card.kind === 'question');
  const marts = new Set(cards.flatMap((card) => martsOf.get(card.question) ?? []));
  return {
    name: dashboard.key.replaceAll('-', '_'),
    label: dashboard.name,
    type: 'dashboard',
    maturity: 'high',
    // What it stands for is known where the dashboard is shown.
    description: dashboard.description.replaceAll('${reporting_currency_name}', 'the reporting currency'),
    owner: { name: 'Analytics', email: 'analytics@example.com' },
    depends_on: [...marts].sort().map((mart) => `ref('${mart}')`),
  };
});

const heading = '# Written by `npm run dbt:exposures` from metabase/content; change the dashboards, not this file.\n';
// JSON is YAML; prettier gives it the form of the other files.
const text = await format(`${heading}version: 2\nexposures: ${JSON.stringify(exposures)}\n`, {
  ...(await resolveConfig(target)),
  filepath: target,
});
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  process.stderr.write('dbt/models/exposures.yml is out of date with metabase/content: run npm run dbt:exposures\n');
  process.exitCode = 1;
}
