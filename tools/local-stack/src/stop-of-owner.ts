import { stopStack } from './stack';

// Run by the guard of a process that was killed: see child-services.
const [dir = '', startedAt = ''] = process.argv.slice(2);
stopStack(dir, startedAt).then(
  () => process.exit(0),
  () => process.exit(1),
);
