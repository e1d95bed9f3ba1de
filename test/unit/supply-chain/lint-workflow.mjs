/** Prints what GitHub's own parser finds wrong with a workflow file, one JSON array. */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { basename } from 'node:path';

// The parser imports its schema as JSON as a bundler would, without the attribute that Node asks for.
const addAttribute = `export const load = (url, context, next) =>
  next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context);`;
register(`data:text/javascript,${encodeURIComponent(addAttribute)}`);
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');

const [file] = process.argv.slice(2);
const result = parseWorkflow(
  { name: basename(file), content: readFileSync(file, 'utf8') },
  new NoOperationTraceWriter(),
);
process.stdout.write(JSON.stringify(result.context.errors.getErrors().map(({ message }) => message)));
