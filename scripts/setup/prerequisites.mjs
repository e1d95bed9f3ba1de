/** What a machine must have before anything of ours runs. Only Node's own modules here: node_modules may be missing. */
import { spawnSync } from 'node:child_process';

const OLDEST_NODE = [20, 19];

const CHECKS = {
  node: () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
    return enough ? undefined : `Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}`;
  },
  python: () => {
    const code = 'import sys, ensurepip, venv; sys.exit(0 if sys.version_info >= (3, 10) else 1)';
    return spawnSync('python3', ['-c', code]).status === 0
      ? undefined
      : 'Python 3.10 or later with venv is needed: "python3" is missing, too old, or has no ensurepip (on Debian: apt-get install python3-venv)';
  },
  java: () => {
    const java = process.env.JAVA_HOME === undefined ? 'java' : `${process.env.JAVA_HOME}/bin/java`;
    const { status, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8' });
    const version = Number(/version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`)?.[1]);
    if (status === 0 && version >= 17) return undefined;
    return `Java 17 or later is needed: "${java}" ${status === 0 ? `is version ${version}` : 'does not run'} (install a JRE, or set JAVA_HOME)`;
  },
  maven: () =>
    spawnSync('mvn', ['--version']).status === 0
      ? undefined
      : 'Maven is needed to download Kafka and the schema registry: "mvn" does not run',
};

/**
 * One line for each thing that is missing; empty when nothing is.
 *
 * @param {readonly ('node' | 'python' | 'java' | 'maven')[]} names
 * @returns {string[]}
 */
export function missingPrerequisites(names) {
  return names.map((name) => CHECKS[name]()).filter((line) => line !== undefined);
}
