import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

/** Licences that allow use in a product of Apache-2.0, with no duty beyond keeping their notices. */
const allowed = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'CC-BY-4.0', 'ISC', 'MIT'],
  ...['MIT-0', 'PostgreSQL', 'Python-2.0', 'Unlicense', 'Zlib'],
]);

/** An SPDX expression of AND and OR, with brackets around the whole at most. */
const allows = (expression: string): boolean =>
  expression
    .replace('MIT/X11', 'MIT') // what MIT was called before SPDX named it
    .replace(/^\((.*)\)$/, '$1')
    .split(/ OR /)
    .some((alternative) => alternative.split(/ AND /).every((licence) => allowed.has(licence)));

const { packages } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
const production = Object.entries(packages).filter(
  ([where, { dev, devOptional, link }]) =>
    where.includes('node_modules/') && dev !== true && devOptional !== true && link !== true,
);

/** The lockfile leaves the licence out where the package's manifest has it in an old form. */
function licenceOf([where, { license }]: [string, LockedPackage]): string {
  if (license !== undefined) return license;
  const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, where, 'package.json'), 'utf8')) as {
    license?: string | { type: string };
    licenses?: readonly { type: string }[];
  };
  if (typeof manifest.license === 'string') return manifest.license;
  return manifest.license?.type ?? manifest.licenses?.map(({ type }) => type).join(' OR ') ?? 'none';
}

test('every production package has a licence that allows its use', () => {
  expect(production.length).toBeGreaterThan(80);
  const refused = production
    .map((entry): [string, string] => [entry[0].replace(/^.*node_modules\//, ''), licenceOf(entry)])
    .filter(([, licence]) => !allows(licence));
  expect(refused).toEqual([]);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND Zlib', true],
  ['MIT AND GPL-3.0-only', false],
  ['AGPL-3.0-only', false],
  ['UNLICENSED', false],
  ['none', false],
])('%s: allowed is %s', (expression, expected) => {
  expect(allows(expression)).toBe(expected);
});

test('every package of ours is Apache-2.0, as LICENSE says', () => {
  const ours = Object.entries(packages).filter(([where]) => !where.includes('node_modules/'));
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.filter(([, { license }]) => license !== 'Apache-2.0').map(([where]) => where)).toEqual([]);
  expect(readFileSync(path.join(PROJECT_ROOT, 'LICENSE'), 'utf8')).toContain('Apache License');
});
