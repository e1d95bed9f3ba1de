import { count } from '@ewallet/failure';
import type { Metabase } from '../api/metabase';
import type { Content } from '../content/content';
import type { Dashboard } from '../content/dashboard';
import type { Question } from '../content/question';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import type { Json } from '../content/json';
import { asInFile, type Reporting } from '../content/reporting';
import { schemaFaults, validators, type ContentKind } from '../content/schema';
import { fileChanges, writeFiles } from '../content/write';
import { fingerprint, objectKey } from '../sync/applied';
import { readServer, type Server } from '../sync/server';

export interface ExportRequest {
  readonly content: string;
  readonly databaseName: string;
  /** What Metabase shows the content in; what it leaves out is as the last apply had it. */
  readonly reporting: Partial<Reporting>;
  readonly metabase: Metabase;
  readonly only: readonly string[];
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
}

interface Exported {
  readonly kind: ContentKind;
  readonly key: string;
  /** Undefined: the file goes away. */
  readonly value: object | undefined;
}

/**
 * Writes what Metabase shows into the files: edits of what the files know, and what was added to their collections.
 * What is in the Trash loses its file. What files cannot hold, so that `validate` or `apply` would refuse it, is left out by
 * name. What only the preview knows (currencies of amounts, one value only) is kept from the file that was there, and so are the
 * placeholders of the reporting currency and time zone.
 * @returns whether everything could be exported
 */
export async function exportContent(request: ExportRequest): Promise<boolean> {
  const content = await readSoundContent(request.content, referenceFaults);
  const server = await readServer(request.metabase, content, { ...request, discover: true });
  const { actual } = server;
  const chosen = (key: string): boolean => request.only.length === 0 || request.only.includes(key);
  const dashboards = [...actual.dashboards].filter(([key]) => chosen(key));
  const shown = new Set(
    dashboards.flatMap(([, { value }]) =>
      value.tabs.flatMap((tab) => tab.cards.flatMap((card) => (card.kind === 'question' ? [card.question] : []))),
    ),
  );
  const all: Exported[] = [
    ...[...actual.collections].map(([key, object]) => ({
      kind: 'collections' as const,
      key,
      value: object.archived ? undefined : object.value,
    })),
    ...[...actual.questions]
      .filter(([key]) => request.only.length === 0 || shown.has(key))
      .map(([key, object]) => ({
        kind: 'questions' as const,
        key,
        value: object.archived ? undefined : withMoney(object.value, content),
      })),
    ...dashboards.map(([key, object]) => ({
      kind: 'dashboards' as const,
      key,
      value: object.archived ? undefined : withDefaults(object.value, content),
    })),
  ];
  const { wanted, left } = exportable(
    content,
    all.map((one) => ({ ...one, value: inItsWords(one, content, server.state.reporting) })),
  );
  for (const reason of [...server.skipped, ...left]) request.say(`! not exported: ${reason}`);
  const changes = await fileChanges(request.content, wanted);
  for (const { file, text } of changes) request.say(`${text === undefined ? 'remove' : 'write'} ${file}`);
  if (!request.dryRun) {
    await writeFiles(request.content, changes);
    await noteExport(server, wanted);
  }
  request.say(
    changes.length === 0
      ? 'Nothing to do: the files say what Metabase shows.'
      : `${count(changes.length, 'file')}${request.dryRun ? ' would be' : ''} written.`,
  );
  return server.skipped.length + left.length === 0;
}

/**
 * What may be written so that the folder stays valid: an object that breaks a schema or names what no file has is left out, and
 * then what names it, until all is sound. Its file, where there is one, stays as it is.
 */
function exportable(content: Content, all: readonly Exported[]): { wanted: Exported[]; left: string[] } {
  const check = validators();
  const left: string[] = [];
  let wanted: Exported[] = [...all];
  const drop = (one: Exported, why: string): void => {
    left.push(`${objectOf[one.kind]} "${one.key}": ${why}`);
    wanted = wanted.filter((other) => other !== one);
  };
  for (const one of all) {
    const validate = check[one.kind];
    if (one.value !== undefined && !validate(one.value)) drop(one, schemaFaults(validate).slice(0, 3).join('; '));
  }
  for (;;) {
    const faults = referenceFaults(overlaid(content, wanted));
    const [first] = faults;
    if (first === undefined) return { wanted, left };
    const faulty = wanted.find((one) => one.value !== undefined && faults.some(({ file }) => file === fileOf(one)));
    const gone = wanted.find((one) => one.value === undefined);
    if (faulty !== undefined)
      drop(faulty, faults.flatMap(({ file, message }) => (file === fileOf(faulty) ? [message] : [])).join('; '));
    // A file that is not exported now names what is in the Trash.
    else if (gone !== undefined) drop(gone, `it is in the Trash, and ${first.file} needs it`);
    else return { wanted, left };
  }
}

function fileOf({ kind, key }: Exported): string {
  return `${kind}/${key}.json`;
}

/** The folder's content once these are written. */
function overlaid(content: Content, exported: readonly Exported[]): Content {
  const lay = <T>(kind: ContentKind, files: ReadonlyMap<string, T>): Map<string, T> => {
    const result = new Map(files);
    for (const { key, value } of exported.filter((one) => one.kind === kind))
      if (value === undefined) result.delete(key);
      // Checked against the schema of its kind, or read as that kind.
      else result.set(key, value as T);
    return result;
  };
  return {
    collections: lay('collections', content.collections),
    questions: lay('questions', content.questions),
    dashboards: lay('dashboards', content.dashboards),
  };
}

/** What was exported is what the files say now, so later changes of a file are no conflict with what people did. */
async function noteExport(
  server: Server,
  exported: readonly { readonly kind: ContentKind; readonly key: string; readonly value: object | undefined }[],
): Promise<void> {
  const applied = new Map(server.state.applied);
  for (const { kind, key, value } of exported) {
    const object = objectOf[kind];
    const there = server.actual[kind].get(key);
    if (value === undefined || there === undefined) applied.delete(objectKey(object, key));
    else {
      const ids = kind === 'dashboards' ? server.placed.get(key) : undefined;
      const print = fingerprint(there.value);
      applied.set(objectKey(object, key), {
        id: there.id,
        fingerprint: print,
        tabs: ids?.tabs ?? {},
        cards: ids?.cards ?? {},
      });
    }
  }
  const [collection] = [...server.registry.collections.values()];
  if (collection !== undefined) await server.state.save(applied, { database: server.database, collection });
}

const objectOf = { collections: 'collection', questions: 'question', dashboards: 'dashboard' } as const;

function inItsWords({ kind, key, value }: Exported, content: Content, reporting: Reporting): object | undefined {
  if (value === undefined) return undefined;
  const file: object | undefined = content[kind].get(key);
  return asInFile(value as Json, file as Json | undefined, reporting) as object;
}

function withMoney(question: Question, { questions }: Content): Question {
  const money = questions.get(question.key)?.money;
  return money === undefined ? question : { ...question, money };
}

/** A file may say a default aloud (`"width": "full"`); an export leaves it said. */
function withDefaults(dashboard: Dashboard, { dashboards }: Content): Dashboard {
  const file = dashboards.get(dashboard.key);
  if (file === undefined) return dashboard;
  return {
    ...dashboard,
    ...(file.width === 'full' && dashboard.width === undefined ? { width: file.width } : {}),
    ...(file.autoApplyFilters === true && dashboard.autoApplyFilters === undefined ? { autoApplyFilters: true } : {}),
    ...(dashboard.filters === undefined
      ? {}
      : {
          filters: dashboard.filters.map((filter) => {
            const known = file.filters?.find((candidate) => candidate.key === filter.key);
            return {
              ...filter,
              ...(known?.required === undefined ? {} : { required: known.required }),
              ...(known?.singleValue === undefined ? {} : { singleValue: known.singleValue }),
            };
          }),
        }),
  };
}
