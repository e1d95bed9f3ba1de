/**
 * Where the product's version is written, besides the root package.json that it comes from, and how each place is
 * rewritten. Everything is released together under one version.
 */
/** The version stands between the expression's two groups. */
const pattern = (expression) => (text, version) => {
  if (!expression.test(text)) throw new Error(`no version found by ${expression}`);
  return text.replace(new RegExp(expression, 'gm'), (_whole, before, after) => `${before}${version}${after}`);
};

/** A workspace's own version, and those of the workspaces that it depends on. */
function packageJson(text, version) {
  const manifest = JSON.parse(text);
  return `${JSON.stringify(withVersion(manifest, version), null, 2)}\n`;
}

function withVersion(manifest, version) {
  const { dependencies } = manifest;
  const own = (name) => name.startsWith('@ewallet/');
  return {
    ...manifest,
    version,
    ...(dependencies === undefined
      ? {}
      : {
          dependencies: Object.fromEntries(
            Object.entries(dependencies).map(([name, range]) => [name, own(name) ? version : range]),
          ),
        }),
  };
}

/** The lockfile holds a copy of each workspace's manifest under its folder. */
function packageLock(text, version) {
  const lock = JSON.parse(text);
  const packages = Object.entries(lock.packages).map(([where, entry]) => [
    where,
    where.includes('node_modules') || entry.version === undefined ? entry : withVersion(entry, version),
  ]);
  return `${JSON.stringify({ ...lock, version, packages: Object.fromEntries(packages) }, null, 2)}\n`;
}

const dockerfile = pattern(/^(ARG VERSION=)\S+()$/m);
const dockerImageTag = pattern(/^(\s*dockerImageTag: ).+()$/m);
/** What a reader copies from the docs. */
const imageTag = pattern(/(\bewallet\/[a-z-]+:|\/sink-warehouse:|\| Docker image tag \| `)\d+\.\d+\.\d+()/m);

/** @param {readonly string[]} workspaces folders of the workspaces */
export function versionedFiles(workspaces) {
  return new Map([
    ...workspaces.map((folder) => [`${folder}/package.json`, packageJson]),
    ['package-lock.json', packageLock],
    ['Dockerfile.source', dockerfile],
    ['Dockerfile.destination', dockerfile],
    ['Dockerfile.sink', dockerfile],
    ['Dockerfile.jobs', dockerfile],
    ['Dockerfile.realtime', dockerfile],
    ['source-ewallet/metadata.yaml', dockerImageTag],
    ['destination-kafka/metadata.yaml', dockerImageTag],
    ['deploy/airbyte/setup.yaml', dockerImageTag],
    ['deploy/airbyte/terraform/variables.tf', pattern(/(variable "image_tag" \{[^}]*default\s*= ")[^"]*(")/m)],
    ['.env.example', pattern(/^(EWALLET_VERSION=).+()$/m)],
    ['compose.yaml', pattern(/(\$\{EWALLET_VERSION:-)[^}]*(\})/m)],
    ['deploy/kubernetes/base/kustomization.yaml', pattern(/(newTag: )[^ }]+()/m)],
    ['deploy/kubernetes/example/kustomization.yaml', pattern(/(newTag: )[^ }]+()/m)],
    ['deploy/kubernetes/realtime/kustomization.yaml', pattern(/(newTag: )[^ }]+()/m)],
    ['dbt/dbt_project.yml', pattern(/^(version: ).+()$/m)],
    ['docs/install.md', imageTag],
    ['docs/airbyte.md', imageTag],
    ['deploy/kubernetes/realtime-operator/flinkdeployment.yaml', pattern(/(image: ewallet\/realtime:)\S+()/m)],
  ]);
}

/**
 * Gives what is listed under Unreleased the version's heading, and leaves Unreleased empty.
 *
 * @param {string} text
 * @param {string} version
 * @param {string} date as 2026-11-23
 */
export function releaseChangelog(text, version, date) {
  if (text.includes(`## [${version}]`)) return text;
  return text.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`);
}

/** Gives the upgrade notes that were kept for the next version its number. */
export function releaseUpgrading(text, version) {
  return text.replace(/^(## From \S+ to )the next version$/m, (_whole, from) => `${from}${version}`);
}

/** @returns what CHANGELOG.md says of a version, without its heading */
export function changesOf(text, version) {
  const start = text.indexOf(`## [${version}]`);
  if (start < 0) throw new Error(`CHANGELOG.md has no entry for ${version}`);
  const end = text.indexOf('\n## [', start + 1);
  return text.slice(text.indexOf('\n', start), end < 0 ? undefined : end).trim();
}
