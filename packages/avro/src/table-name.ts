import { Failure } from '@ewallet/failure';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** What `table.name.format` may name. */
export interface NameParts {
  readonly topic: string;
  readonly stream: string;
  readonly namespace: string;
}

const MAX_NAME_BYTES = 63;

/**
 * `table.name.format` with `${topic}`, `${stream}` and `${namespace}` filled in. The dot that parts schema and table is
 * the format's own, so a stream with a dot in its name stays one table.
 */
export function tableName(format: string, parts: NameParts): TableName {
  const fill = (text: string): string =>
    text.replace(/\$\{(topic|stream|namespace)\}/g, (_, name: keyof NameParts) => parts[name]);
  const dot = format.indexOf('.');
  const schema = dot < 0 ? 'public' : fill(format.slice(0, dot));
  const table = fill(dot < 0 ? format : format.slice(dot + 1));
  for (const name of [schema, table]) {
    if (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw Failure.config(
        `${parts.topic}: table.name.format makes the name ${JSON.stringify(name)}, which is empty or longer than ${MAX_NAME_BYTES} bytes. Change table.name.format.`,
      );
    }
  }
  return { schema, table };
}
