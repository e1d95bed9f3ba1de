import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Whether node_modules is what package-lock.json says. npm keeps its own record of what it installed
 * (node_modules/.package-lock.json); packages for other platforms are optional and rightly absent from it.
 *
 * @param {string} root
 */
export function nodeModulesAreCurrent(root) {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const installed = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  const missing = Object.entries(wanted).some(
    ([where, { version, optional, devOptional, peer }]) =>
      where.includes('node_modules/') &&
      (installed[where] === undefined
        ? optional !== true && devOptional !== true && peer !== true
        : installed[where].version !== version),
  );
  return !missing && Object.keys(installed).every((where) => where in wanted);
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
