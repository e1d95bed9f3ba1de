import { spawnSync } from 'node:child_process';
import { runProgram } from '../command';

/** Of Debian's package `prometheus`, which `npm test` installs where it may. */
export function prometheusIsAvailable(): boolean {
  return spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What `promtool check metrics` finds against Prometheus' conventions of names, units and help; empty where nothing. */
export async function conventionFaults(metrics: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram('promtool', ['check', 'metrics'], { input: metrics });
  const said = stdout + stderr;
  return code === 0 ? said : `exit code ${code}: ${said}`;
}
