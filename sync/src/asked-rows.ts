import { Failure, isObject, jsonFault, readText } from '@ewallet/failure';
import { streamName } from './message';
import { isNamed, type ConfiguredStream } from './selection';

/** Rows of one stream that are to be sent again, by their keys. */
export interface AskedRows {
  /** `public.users`, or `users` where that is unique. */
  readonly stream: string;
  /** Names of the key's columns. */
  readonly key: readonly string[];
  /** A list per row: values in the order of the key, as PostgreSQL's text. */
  readonly keys: readonly (readonly string[])[];
}

/** What the source finds in its catalogue: see its documentation. */
export interface AskingStream extends ConfiguredStream {
  readonly asked_keys: {
    readonly mode: 'only' | 'deleted';
    readonly columns: readonly string[];
    readonly values: readonly (readonly string[])[];
  };
}

/** @param file `{"streams": [{"stream", "key": [names], "keys": [[texts]]}]}` @throws Failure that names the file */
export async function readAskedRows(file: string): Promise<readonly AskedRows[]> {
  const text = await readText(file, 'file of keys');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw Failure.config(`The file of keys ${file} is not JSON (${jsonFault(text)}).`);
  }
  const streams = isObject(value) && Array.isArray(value.streams) ? (value.streams as readonly unknown[]) : undefined;
  if (!streams?.every(isAskedRows)) {
    throw Failure.config(
      `The file of keys ${file} must be {"streams": [{"stream": "public.users", "key": ["id"], "keys": [["1"], ["2"]]}]}, with every value as text.`,
    );
  }
  return streams;
}

/**
 * The configured streams that these rows are of, each asking for them.
 *
 * @throws Failure for a stream that is not there, or whose rows no key replaces in the warehouse
 */
export function askFor(
  asked: readonly AskedRows[],
  configured: readonly ConfiguredStream[],
  mode: 'only' | 'deleted',
): readonly AskingStream[] {
  return asked.map(({ stream: name, key, keys }) => {
    const [stream, another] = configured.filter(({ stream: one }) => isNamed(streamName(one), name));
    if (stream === undefined || another !== undefined) {
      const known = configured.map(({ stream: one }) => streamName(one)).join(', ');
      throw Failure.config(
        `Stream ${name} is ${stream === undefined ? 'not in this sync' : 'in two namespaces'}. It has ${known}.`,
      );
    }
    if (stream.destination_sync_mode !== 'append_dedup') {
      throw Failure.config(
        `Stream ${name} is synced as ${stream.destination_sync_mode}: a row that is sent again would ${
          stream.destination_sync_mode === 'append' ? 'stand there twice' : 'not replace one'
        }. Only streams of append_dedup can be sent by their keys; run this one with --refresh ${name}.`,
      );
    }
    const own = (stream.primary_key ?? []).map((path) => path.join('.'));
    if (own.length !== key.length || own.some((column, index) => column !== key[index])) {
      throw Failure.config(
        `Stream ${name} is synced by the key ${own.join(', ')}, and the rows are named by ${key.join(', ')}: give the audit's configuration the same \`primary_key\`.`,
      );
    }
    const once = new Map(keys.map((values) => [JSON.stringify(values), values]));
    return { ...stream, asked_keys: { mode, columns: key, values: [...once.values()] } };
  });
}

function isAskedRows(value: unknown): value is AskedRows {
  if (!isObject(value) || typeof value.stream !== 'string') return false;
  return isTexts(value.key) && Array.isArray(value.keys) && value.keys.every(isTexts);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
