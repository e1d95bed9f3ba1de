/** How a release reads a native query back that was written in the old form. */
export type ReadForm = 'legacy' | 'mbql5' | 'mbql5-options' | 'mbql5-list';

export function readFormOf(major: number): ReadForm {
  if (major <= 56) return 'legacy';
  if (major <= 60) return 'mbql5';
  return major <= 62 ? 'mbql5-options' : 'mbql5-list';
}

interface Tag {
  readonly name: string;
  readonly dimension?: readonly unknown[];
  readonly [key: string]: unknown;
}
export interface NativeQuery {
  readonly type: 'native';
  readonly database: number;
  readonly native: { readonly query: string; readonly 'template-tags'?: Readonly<Record<string, Tag>> };
}

export function readBack(query: NativeQuery, form: ReadForm): object {
  if (form === 'legacy') return query;
  const tags = Object.entries(query.native['template-tags'] ?? {}).map(([name, tag]): [string, object] => [
    name,
    tagBack(tag, form),
  ]);
  return {
    'lib/type': 'mbql/query',
    database: query.database,
    stages: [
      {
        'lib/type': 'mbql.stage/native',
        native: query.native.query,
        'template-tags': form === 'mbql5-list' ? tags.map(([, tag]) => tag) : Object.fromEntries(tags),
      },
    ],
  };
}

function tagBack(tag: Tag, form: ReadForm): object {
  if (tag.dimension === undefined || form === 'mbql5') return tag;
  return { ...tag, dimension: ['field', { 'lib/uuid': '5c2b1c9e-8f0a-4c55-9c64-0d4b3f1c7a11' }, tag.dimension[1]] };
}
