/** `npm test [-- <jest arguments>]`: installs what is missing, then runs every test on real services. */
import { closingLine, runJestSuites } from './jest-suites.mjs';
import { runScript, setUp } from './setup.mjs';

await runScript(async () => {
  await setUp({ forTests: true });
  const counts = await runJestSuites(process.argv.slice(2));
  process.stdout.write(`${closingLine(counts)}\n`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
