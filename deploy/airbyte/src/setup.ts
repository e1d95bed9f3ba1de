import { Failure } from '@ewallet/failure';
import { isRecord, type JsonObject, type JsonValue } from './json';

/** What Airbyte must hold: two custom connector definitions, one source, one destination and the connection. */
export interface Setup {
  /** Name or id; undefined takes the only workspace there is. */
  readonly workspace: string | undefined;
  readonly source: Actor;
  readonly destination: Actor;
  readonly connection: Connection;
}

export interface Actor {
  readonly definition: Definition;
  readonly name: string;
  readonly configuration: JsonObject;
}

export interface Definition {
  readonly name: string;
  readonly dockerRepository: string;
  readonly dockerImageTag: string;
  readonly documentationUrl: string | undefined;
}

export interface Connection {
  readonly name: string;
  readonly schedule: Schedule;
  readonly namespaceDefinition: 'source' | 'destination' | 'custom_format';
  readonly nonBreakingSchemaUpdatesBehavior: 'ignore' | 'disable_connection' | 'propagate_columns' | 'propagate_fully';
  readonly prefix: string;
  /** Empty takes every stream that the source discovers, each with the safest sync mode it supports. */
  readonly streams: readonly WantedStream[];
}

export type Schedule = { readonly kind: 'manual' } | { readonly kind: 'cron'; readonly expression: string };

export interface WantedStream {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly syncMode: string | undefined;
  readonly cursorField: readonly string[] | undefined;
  readonly primaryKey: readonly (readonly string[])[] | undefined;
}

/** Airbyte sends a schedule through cron-utils with Quartz fields and refuses `*` for the seconds. */
const quartzFields = { least: 6, most: 7 };

/** The set-up file's content, checked: an unknown key or a wrong type is a config error that names its path. */
export function parseSetup(value: unknown): Setup {
  const root = new Section('', value, ['workspace', 'source', 'destination', 'connection']);
  return {
    workspace: root.optionalText('workspace'),
    source: actor(root.section('source', ['definition', 'name', 'configuration'])),
    destination: actor(root.section('destination', ['definition', 'name', 'configuration'])),
    connection: connection(
      root.section('connection', [
        'name',
        'schedule',
        'namespaceDefinition',
        'nonBreakingSchemaUpdatesBehavior',
        'prefix',
        'streams',
      ]),
    ),
  };
}

function actor(section: Section): Actor {
  const definition = section.section('definition', ['name', 'dockerRepository', 'dockerImageTag', 'documentationUrl']);
  return {
    definition: {
      name: definition.text('name'),
      dockerRepository: definition.text('dockerRepository'),
      dockerImageTag: definition.text('dockerImageTag'),
      documentationUrl: definition.optionalText('documentationUrl'),
    },
    name: section.text('name'),
    configuration: section.object('configuration'),
  };
}

function connection(section: Section): Connection {
  return {
    name: section.text('name'),
    schedule: schedule(section.text('schedule')),
    // Airbyte's own default, `destination`, drops the schema's name, and with it `public` from every topic.
    namespaceDefinition: section.choice('namespaceDefinition', ['source', 'destination', 'custom_format'], 'source'),
    nonBreakingSchemaUpdatesBehavior: section.choice(
      'nonBreakingSchemaUpdatesBehavior',
      ['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'],
      'propagate_columns',
    ),
    prefix: section.optionalText('prefix') ?? '',
    streams: section
      .sections('streams', ['name', 'namespace', 'syncMode', 'cursorField', 'primaryKey'])
      .map((stream) => ({
        name: stream.text('name'),
        namespace: stream.optionalText('namespace'),
        syncMode: stream.optionalText('syncMode'),
        cursorField: stream.optionalPath('cursorField'),
        primaryKey: stream.optionalPaths('primaryKey'),
      })),
  };
}

function schedule(text: string): Schedule {
  if (text === 'manual') return { kind: 'manual' };
  const fields = text.trim().split(/\s+/);
  if (fields.length < quartzFields.least || fields.length > quartzFields.most || !/^\d+$/.test(fields[0] ?? '')) {
    throw Failure.config(
      `Set \`connection.schedule\` to "manual" or to a Quartz cron expression whose seconds are a number, such as "0 0 * * * ?" for every hour.`,
    );
  }
  return { kind: 'cron', expression: fields.join(' ') };
}

/** One object of the file with its path, so that each message can name the key. */
class Section {
  private readonly values: JsonObject;

  constructor(
    private readonly path: string,
    value: unknown,
    keys: readonly string[],
  ) {
    if (!isRecord(value)) throw Failure.config(`Set "${path || 'the file'}" to an object with ${keys.join(', ')}.`);
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    if (unknown !== undefined) {
      throw Failure.config(`Remove the unknown key "${this.at(unknown)}"; known there: ${keys.join(', ')}.`);
    }
    this.values = value;
  }

  text(key: string): string {
    const value = this.optionalText(key);
    if (value === undefined || value === '') throw Failure.config(`Set "${this.at(key)}" to a text.`);
    return value;
  }

  optionalText(key: string): string | undefined {
    const value = this.values[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw Failure.config(`Set "${this.at(key)}" to a text.`);
    return value;
  }

  choice<const Choice extends string>(key: string, choices: readonly Choice[], otherwise: Choice): Choice {
    const value = this.optionalText(key);
    if (value === undefined) return otherwise;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw Failure.config(`Set "${this.at(key)}" to one of ${choices.join(', ')}.`);
    return choice;
  }

  object(key: string): JsonObject {
    const value = this.values[key];
    if (!isRecord(value)) throw Failure.config(`Set "${this.at(key)}" to an object.`);
    return value;
  }

  section(key: string, keys: readonly string[]): Section {
    return new Section(this.at(key), this.values[key], keys);
  }

  sections(key: string, keys: readonly string[]): readonly Section[] {
    const value = this.values[key] ?? [];
    if (!Array.isArray(value)) throw Failure.config(`Set "${this.at(key)}" to a list.`);
    return value.map((item, index) => new Section(`${this.at(key)}[${index}]`, item, keys));
  }

  optionalPath(key: string): readonly string[] | undefined {
    const value = this.values[key];
    return value === undefined ? undefined : this.names(value, key);
  }

  optionalPaths(key: string): readonly (readonly string[])[] | undefined {
    const value = this.values[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw Failure.config(`Set "${this.at(key)}" to a list of paths.`);
    return value.map((item: JsonValue) => this.names(item, key));
  }

  private names(value: JsonValue, key: string): readonly string[] {
    if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) {
      throw Failure.config(`Set "${this.at(key)}" to a list of texts.`);
    }
    return value;
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}
