import { Failure } from '@ewallet/failure';
import { asNumber } from '../api/answer';
import type { Collection, Content } from '../content/content';
import type { Dashboard } from '../content/dashboard';
import type { Json, JsonObject } from '../content/json';
import type { Question } from '../content/question';
import {
  dashboardFromWire,
  dashboardToWire,
  newDashboardToWire,
  normalDashboard,
  parametersToWire,
} from '../wire/dashboard';
import { entityId } from '../wire/ids';
import { normalQuestion, questionFromWire, questionToWire } from '../wire/question';
import { fingerprint, objectKey, type AppliedObject, type ObjectKind } from './applied';
import { differences } from './diff';
import type { Operation, Plan } from './plan';
import { collectionFromWire, noteDashboard, type Server } from './server';

/**
 * Carries a plan out. Everything written is read back and compared with the file, so a success is what people see in
 * Metabase. What was done before a failure stays noted, and the next run continues from there.
 */
export async function execute(
  server: Server,
  content: Content,
  { scope, plan, say }: { readonly scope: Content; readonly plan: Plan; readonly say: (line: string) => void },
): Promise<void> {
  const applied = new Map(server.state.applied);
  const run = new Run(server, content, applied, say);
  const of = (object: ObjectKind, ...kinds: Operation['kind'][]): Operation[] =>
    plan.operations.filter((operation) => operation.object === object && kinds.includes(operation.kind));
  for (const operation of of('collection', 'create', 'update')) await run.collection(operation);
  const collection = [...server.registry.collections.values()][0];
  if (collection === undefined) return; // no content, nothing to note
  const place = { database: server.database, collection };

  // Noted before the first write: a run that is killed leaves its dashboards marked as under way, not as edited.
  if (plan.operations.some((operation) => operation.object !== 'collection')) {
    run.markUnderWay(of('dashboard', 'update'));
    await server.state.save(applied, place);
  }
  try {
    for (const operation of of('question', 'create', 'update')) await run.question(operation);
    const made = of('dashboard', 'create');
    for (const operation of made) await run.newDashboard(operation);
    // From here on they are no longer bare, by which a run that was killed before would know them for its own.
    if (made.length > 0) await server.state.save(applied, place);
    const filled: { operation: Operation; read: Dashboard }[] = [];
    for (const operation of of('dashboard', 'create', 'update'))
      filled.push({ operation, read: await run.fill(operation) });
    for (const { operation, read } of filled) await run.settle(operation, read);
    for (const operation of plan.operations) if (operation.kind === 'archive') await run.archive(operation);
    run.noteUntouched(scope);
  } finally {
    await server.state.save(applied, place);
  }
}

class Run {
  constructor(
    private readonly server: Server,
    private readonly content: Content,
    private readonly applied: Map<string, AppliedObject>,
    private readonly say: (line: string) => void,
  ) {}

  async collection(operation: Operation): Promise<void> {
    const { metabase, registry } = this.server;
    const file = this.file(this.content.collections, operation);
    const doing = `Collection "${file.key}"`;
    const body = {
      name: file.name,
      ...(file.description === undefined ? {} : { description: file.description }),
      ...(file.parent === undefined ? {} : { parent_id: registry.collection(file.parent) }),
    };
    const wire =
      operation.kind === 'update'
        ? await metabase.change(
            'collection',
            operation.id,
            { ...body, ...(operation.restore ? { archived: false } : {}) },
            doing,
          )
        : await metabase.create('collection', body, doing);
    const id = asNumber(wire.id, `the id of collection "${file.key}"`);
    registry.collections.set(file.key, id);
    const read: Collection = collectionFromWire(
      file.key,
      {
        ...wire,
        ...(wire.parent_id === undefined && file.parent !== undefined
          ? { parent_id: registry.collection(file.parent) }
          : {}),
      },
      registry,
    );
    this.note('collection', file.key, id, read);
    this.done(operation);
  }

  async question(operation: Operation): Promise<void> {
    const { metabase, registry } = this.server;
    const file = this.file(this.content.questions, operation);
    const doing = `Question "${file.key}"`;
    const body = questionBody(file, registry);
    let id: number;
    if (operation.kind === 'update') {
      await metabase.change(
        'card',
        operation.id,
        { ...body, ...(operation.restore ? { archived: false } : {}) },
        doing,
      );
      id = operation.id;
    } else {
      const made = await metabase.create('card', { ...body, entity_id: entityId(file.key) }, doing);
      id = asNumber(made.id, `the id of question "${file.key}"`);
    }
    registry.questions.set(file.key, id);
    const read: Question = questionFromWire(file.key, await metabase.card(id, `${doing}, reading it back`), registry);
    verify(doing, read, normalQuestion(file));
    this.note('question', file.key, id, read);
    this.done(operation);
  }

  /** Makes the dashboard empty: others may link to it, and it may link to others. */
  async newDashboard(operation: Operation): Promise<void> {
    const { metabase, registry } = this.server;
    const file = this.file(this.content.dashboards, operation);
    const made = await metabase.create('dashboard', newDashboardToWire(file, registry), `Dashboard "${file.key}"`);
    const id = asNumber(made.id, `the id of dashboard "${file.key}"`);
    registry.dashboards.set(file.key, id);
    this.applied.set(objectKey('dashboard', file.key), { id, fingerprint: null, tabs: {}, cards: {} });
  }

  /** Writes the whole dashboard. Links to tabs of a dashboard that is filled later have no number yet: see settle. */
  async fill(operation: Operation): Promise<Dashboard> {
    const { metabase, registry, placed } = this.server;
    const file = this.file(this.content.dashboards, operation);
    const doing = `Dashboard "${file.key}"`;
    const id = registry.dashboard(file.key);
    const ids = placed.get(file.key) ?? { tabs: {}, cards: {} };
    const body = dashboardToWire(file, {
      questions: this.content.questions,
      placed: ids,
      ids: registry,
      filterId: registry.filterId,
    });
    const restore = operation.kind === 'update' && operation.restore ? { archived: false } : {};
    await metabase.change('dashboard', id, { ...body, ...restore }, doing);
    const read = await this.readBack(file.key, id, doing);
    if (differences(json(read.filters ?? []), json(normalDashboard(file).filters ?? [])).length === 0) return read;
    // Metabase prunes filters that it takes for inline ones when they come with the cards; alone they stay.
    await metabase.change(
      'dashboard',
      id,
      { parameters: parametersToWire(file, registry.filterId) },
      `${doing}, its filters`,
    );
    return await this.readBack(file.key, id, doing);
  }

  /** Once every dashboard has its tabs: fills again where a link was still missing its tab, and checks. */
  async settle(operation: Operation, first: Dashboard): Promise<void> {
    const file = normalDashboard(this.file(this.content.dashboards, operation));
    const complete = differences(json(first), json(file)).length === 0;
    const read = complete || !hasTabLinks(file) ? first : await this.fill(operation);
    verify(`Dashboard "${file.key}"`, read, file);
    this.note('dashboard', file.key, this.server.registry.dashboard(file.key), read);
    this.done(operation);
  }

  async archive(operation: Extract<Operation, { kind: 'archive' }>): Promise<void> {
    const kind = operation.object === 'question' ? 'card' : operation.object;
    await this.server.metabase.change(
      kind,
      operation.id,
      { archived: true },
      `${operation.object} "${operation.key}", to the Trash`,
    );
    this.applied.delete(objectKey(operation.object, operation.key));
    this.done(operation);
  }

  markUnderWay(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.kind !== 'update') continue;
      const ids = this.server.placed.get(operation.key) ?? { tabs: {}, cards: {} };
      this.applied.set(objectKey(operation.object, operation.key), { id: operation.id, fingerprint: null, ...ids });
    }
  }

  /** What was the same already is ours from now on, too: a note that was lost is recreated. */
  noteUntouched(scope: Content): void {
    const { actual } = this.server;
    for (const [kind, files, there] of [
      ['collection', scope.collections, actual.collections],
      ['question', scope.questions, actual.questions],
      ['dashboard', scope.dashboards, actual.dashboards],
    ] as const)
      for (const key of files.keys()) {
        const object = there.get(key);
        if (object !== undefined && !this.applied.has(objectKey(kind, key)))
          this.note(kind, key, object.id, object.value);
      }
  }

  private async readBack(key: string, id: number, doing: string): Promise<Dashboard> {
    const { metabase, registry, state, placed } = this.server;
    const wire: JsonObject | undefined = await metabase.dashboard(id, `${doing}, reading it back`);
    if (wire === undefined) throw Failure.transient(`${doing} was deleted while it was being written.`);
    const keys = noteDashboard(key, wire, { content: this.content, registry, state, placed });
    return dashboardFromWire(wire, keys, registry, registry.filterKey);
  }

  private file<T>(files: ReadonlyMap<string, T>, operation: Operation): T {
    const file = files.get(operation.key);
    if (file === undefined)
      throw Failure.system(`The plan names ${operation.object} "${operation.key}", which is in no file.`);
    return file;
  }

  private note(kind: ObjectKind, key: string, id: number, read: object): void {
    const ids = kind === 'dashboard' ? this.server.placed.get(key) : undefined;
    this.applied.set(objectKey(kind, key), {
      id,
      fingerprint: fingerprint(read),
      tabs: ids?.tabs ?? {},
      cards: ids?.cards ?? {},
    });
  }

  private done(operation: Operation): void {
    this.say(`${operation.kind} ${operation.object} ${operation.key}`);
  }
}

function questionBody(file: Question, registry: Server['registry']): JsonObject {
  try {
    return questionToWire(file, registry);
  } catch (error) {
    if (error instanceof Failure) throw Failure.config(`Question "${file.key}": ${error.message}`, { cause: error });
    throw error;
  }
}

function hasTabLinks(dashboard: Dashboard): boolean {
  return dashboard.tabs.some((tab) =>
    tab.cards.some(
      (card) => card.kind === 'question' && card.click?.kind === 'dashboard' && card.click.tab !== undefined,
    ),
  );
}

function verify(doing: string, read: object, file: object): void {
  const [first, ...rest] = differences(json(read), json(file));
  if (first === undefined) return;
  const more = rest.length === 0 ? '' : ` and ${rest.length} more places`;
  throw Failure.system(
    `${doing}: Metabase took it, but reads back something else at ${first.path}${more}: ${JSON.stringify(first.before ?? null).slice(0, 200)} instead of ${JSON.stringify(first.after ?? null).slice(0, 200)}.`,
  );
}

function json(value: object): Json {
  return value as unknown as Json; // content is JSON by its types
}
