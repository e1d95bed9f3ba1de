import { Failure, isFailure } from '@ewallet/failure';
import type { AvroSchema } from './avro-schema';
import { NamedTypes } from './named-types';
import { RegistryTransport, type RegistryAnswer, type RegistryOptions } from './registry-transport';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface ErrorBody {
  readonly error_code?: number;
  readonly message?: string;
}

interface CompatibilityAnswer {
  readonly is_compatible: boolean;
  readonly messages?: readonly string[];
  readonly reason?: string | null;
}

interface SchemaReference {
  readonly subject: string;
  readonly version: number;
}

interface SchemaAnswer {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly SchemaReference[];
}

function errorBody(body: unknown): ErrorBody {
  return typeof body === 'object' && body !== null ? body : {};
}

function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

export interface RegisteredSchema {
  readonly id: number;
  readonly version: number;
  readonly schema: unknown;
}

export type Compatibility =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

/** A schema registry with Confluent's REST API. Schemas never change under an id, so each is fetched once. */
export class SchemaRegistry {
  private readonly transport: RegistryTransport;
  private readonly url: string;
  private readonly attempts: number;
  private readonly schemas = new Map<number, Promise<unknown>>();

  constructor(options: RegistryOptions) {
    this.transport = new RegistryTransport(options);
    const url = new URL(options.url);
    this.url = `${url.protocol}//${url.host}${url.pathname}`;
    this.attempts = options.attempts ?? 6;
  }

  /** Ends idle connections. */
  close(): void {
    this.transport.close();
  }

  /** Every subject's name. */
  async subjects(): Promise<readonly string[]> {
    const answer = await this.call('GET', 'subjects', 'list subjects');
    return this.expect(answer, 'list subjects') as readonly string[];
  }

  /** The writer schema with this id, parsed. */
  schemaById(id: number): Promise<unknown> {
    const known = this.schemas.get(id);
    if (known !== undefined) return known;
    const fetched = this.fetchSchema(id).catch((error: unknown) => {
      this.schemas.delete(id);
      throw error;
    });
    this.schemas.set(id, fetched);
    return fetched;
  }

  /** The newest version of a subject; undefined where the subject does not exist. */
  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const what = `read subject ${subject}`;
    const answer = await this.call('GET', `subjects/${encodeURIComponent(subject)}/versions/latest`, what);
    if (answer.status === 404) return undefined;
    const body = this.expect(answer, what) as { id: number; version: number; schema: string };
    return { id: body.id, version: body.version, schema: JSON.parse(body.schema) };
  }

  /** Whether the schema is a version of the subject already. */
  async holds(subject: string, schema: unknown): Promise<boolean> {
    const what = `look a schema up under subject ${subject}`;
    const answer = await this.call('POST', `subjects/${encodeURIComponent(subject)}`, what, {
      schemaType: 'AVRO',
      schema: JSON.stringify(schema),
    });
    if (answer.status === 404) return false;
    this.expect(answer, what);
    return true;
  }

  /** Every version of a subject, oldest first; empty where the subject does not exist. */
  async versions(subject: string): Promise<readonly RegisteredSchema[]> {
    const path = `subjects/${encodeURIComponent(subject)}/versions`;
    const what = `read the versions of subject ${subject}`;
    const answer = await this.call('GET', path, what);
    if (answer.status === 404) return [];
    const numbers = [...(this.expect(answer, what) as readonly number[])].sort((a, b) => a - b);
    const found: RegisteredSchema[] = [];
    for (const number of numbers) {
      const version = await this.call('GET', `${path}/${number}`, what);
      if (version.status === 404) continue; // Deleted between the two requests.
      const body = this.expect(version, what) as { id: number; version: number; schema: string };
      found.push({ id: body.id, version: body.version, schema: JSON.parse(body.schema) });
    }
    return found;
  }

  /** Registers the schema, or finds it registered. Returns its id. */
  async register(subject: string, schema: unknown): Promise<number> {
    const what = `register a schema under subject ${subject}`;
    const answer = await this.call('POST', `subjects/${encodeURIComponent(subject)}/versions`, what, {
      schemaType: 'AVRO',
      schema: JSON.stringify(schema),
    });
    if (answer.status === 409) {
      throw Failure.config(
        `Schema registry ${this.url} refused the new schema of subject ${subject} as incompatible: ${errorBody(answer.body).message ?? 'no reason given'}`,
      );
    }
    return (this.expect(answer, what) as { id: number }).id;
  }

  /** The registry's reasons against a schema beside one version of the subject; empty where the two are compatible. */
  async incompatibilities(subject: string, version: number, schema: unknown): Promise<readonly string[]> {
    const what = `test a schema against subject ${subject}`;
    const answer = await this.call(
      'POST',
      `compatibility/subjects/${encodeURIComponent(subject)}/versions/${version}?verbose=true`,
      what,
      { schemaType: 'AVRO', schema: JSON.stringify(schema) },
    );
    if (answer.status === 404) return [];
    const body = this.expect(answer, what) as CompatibilityAnswer;
    if (body.is_compatible) return [];
    // Confluent's registry lists messages, Apicurio gives one reason.
    const reasons = body.messages ?? (typeof body.reason === 'string' ? [body.reason] : []);
    return reasons.length === 0 ? ['the registry gave no reason'] : reasons;
  }

  /**
   * The compatibility that holds for a subject, which is the registry's default where the subject has none of its own;
   * undefined where an older registry gives only the subject's own. Apicurio's default is NONE.
   */
  async compatibility(subject: string): Promise<Compatibility | undefined> {
    const what = `read the compatibility of subject ${subject}`;
    const answer = await this.call('GET', `config/${encodeURIComponent(subject)}?defaultToGlobal=true`, what);
    if (answer.status === 404) return undefined;
    return (this.expect(answer, what) as { compatibilityLevel: Compatibility }).compatibilityLevel;
  }

  async setCompatibility(subject: string, compatibility: Compatibility): Promise<void> {
    const what = `set the compatibility of subject ${subject}`;
    const answer = await this.call('PUT', `config/${encodeURIComponent(subject)}`, what, { compatibility });
    this.expect(answer, what);
  }

  private async fetchSchema(id: number): Promise<unknown> {
    const what = `fetch schema ${id}`;
    const answer = await this.call('GET', `schemas/ids/${id}`, what);
    if (answer.status === 404) {
      throw Failure.config(
        `Schema registry ${this.url} does not know schema id ${id}. The topic was written with another registry, or the registry lost its contents; point to the registry that the destination used.`,
      );
    }
    const body = this.expect(answer, what) as SchemaAnswer;
    if (body.schemaType !== undefined && body.schemaType !== 'AVRO') {
      throw Failure.config(`Schema id ${id} in registry ${this.url} is ${body.schemaType}, not Avro.`);
    }
    const schema = JSON.parse(body.schema) as AvroSchema;
    const { references = [] } = body;
    if (references.length === 0) return schema;
    const named = new NamedTypes();
    named.add(schema);
    await this.addReferences(named, references, new Set());
    return named.standalone(schema);
  }

  /** Learns what a schema refers to, and what that refers to. */
  private async addReferences(
    named: NamedTypes,
    references: readonly SchemaReference[],
    seen: Set<string>,
  ): Promise<void> {
    for (const { subject, version } of references) {
      const place = `version ${version} of subject ${subject}`;
      if (seen.has(place)) continue;
      seen.add(place);
      const what = `fetch ${place}, which a schema refers to`;
      const answer = await this.call('GET', `subjects/${encodeURIComponent(subject)}/versions/${version}`, what);
      const body = this.expect(answer, what) as SchemaAnswer;
      named.add(JSON.parse(body.schema));
      await this.addReferences(named, body.references ?? [], seen);
    }
  }

  private async call(method: string, path: string, what: string, body?: unknown): Promise<RegistryAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.transport.request(method, path, body).catch((error: unknown) => error);
      const answered = !(outcome instanceof Error);
      if (answered && !isTransient((outcome as RegistryAnswer).status)) return outcome as RegistryAnswer;
      if (attempt >= this.attempts) throw this.unavailable(what, outcome);
      await sleep(Math.min(200 * 2 ** (attempt - 1), 5_000));
    }
  }

  private unavailable(what: string, outcome: unknown): Failure {
    if (isFailure(outcome)) return outcome;
    const reason =
      outcome instanceof Error
        ? outcome.message || ((outcome as NodeJS.ErrnoException).code ?? outcome.name)
        : `HTTP ${(outcome as RegistryAnswer).status} ${errorBody((outcome as RegistryAnswer).body).message ?? ''}`.trim();
    return Failure.transient(
      `Schema registry ${this.url} could not ${what}: ${reason}. Check its address, its TLS settings and that it is up.`,
      { cause: outcome },
    );
  }

  private expect(answer: RegistryAnswer, what: string): unknown {
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const { message, error_code: code } = errorBody(answer.body);
    if (answer.status === 401 || answer.status === 403) {
      throw Failure.config(
        `Schema registry ${this.url} refused to ${what} (HTTP ${answer.status}). Check the credentials and the rights of their user.`,
      );
    }
    throw Failure.config(
      `Schema registry ${this.url} could not ${what}: HTTP ${answer.status}${code === undefined ? '' : `, error ${code}`}${message === undefined ? '' : `: ${message}`}. Check that the URL is the base of a Confluent-compatible API.`,
    );
  }
}
