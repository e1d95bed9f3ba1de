import { Failure, readText } from '@ewallet/failure';
import { parse } from 'yaml';
import { parseSetup, type Setup } from './setup';

/** Reads a set-up file (YAML, so JSON too); `${NAME}` in a text is taken from the environment. */
export async function readSetup(path: string, environment: NodeJS.ProcessEnv): Promise<Setup> {
  const text = await readText(path, 'set-up file');
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw Failure.config(`The set-up file ${path} is not YAML: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
  return parseSetup(withEnvironment(document, environment));
}

/** Every `${NAME}` in every text replaced by the variable; a variable that is not set is a config error. */
function withEnvironment(value: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_whole, name: string) => {
      const replacement = environment[name];
      if (replacement === undefined) {
        throw Failure.config(`Set the environment variable ${name}, which the set-up file refers to.`);
      }
      return replacement;
    });
  }
  if (Array.isArray(value)) return value.map((item: unknown) => withEnvironment(item, environment));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([key, item]) => [key, withEnvironment(item, environment)]),
    );
  }
  return value;
}
