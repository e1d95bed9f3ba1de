/**
 * Prints a CycloneDX bill of materials of what is shipped: npm's own, less the development packages. `npm sbom --omit dev`
 * would leave out packages that are used in production and by a development tool too (npm 11: 73 of 113 here).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const whole = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const shipped = new Set(
  Object.entries(packages)
    .filter(([, { dev, devOptional, link }]) => !dev && !devOptional && !link)
    .map(([where, { name, version }]) => `${name ?? where.replace(/^.*node_modules\//, '')}@${version}`),
);
// References of packages that the tree holds more than once carry their place behind a bar: name@version|place.
const isShipped = (reference) => shipped.has(reference.split('|')[0]);
const components = whole.components.filter((component) => isShipped(component['bom-ref']));
const kept = new Set([whole.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
const dependencies = whole.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
process.stdout.write(`${JSON.stringify({ ...whole, components, dependencies }, null, 2)}\n`);
