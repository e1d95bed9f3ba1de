import path from 'node:path';
import { ConfigReader, Failure, type Json } from '@ewallet/failure';
import type { RegistryOptions } from '@ewallet/avro';
import type { KafkaConnection } from '@ewallet/kafka';
import type { ConnectionConfig } from '@ewallet/postgres';
import { kafkaOfDestination, kafkaOfSink, registryOfDestination, registryOfSink, warehouseOf } from './connections';
import {
  parseAirbyte,
  parseAudit,
  parseDbt,
  parseEwallet,
  parseSink,
  parseSync,
  type AirbyteConfig,
  type AuditConfig,
  type DbtConfig,
  type EwalletConfig,
  type SinkConfig,
  type SyncConfig,
} from './parts';
import { parseRealtime, type RealtimeConfig } from './realtime';
import { connectorOf, readJsonObject, readSection, SECTIONS, type Section } from './sections';
import { topicsOf, type TopicChoice } from './topics';

/** What to look at. A part that is undefined is left out. */
export interface PipelineConfig {
  readonly ewallet: EwalletConfig | undefined;
  readonly sync: SyncConfig | undefined;
  readonly airbyte: AirbyteConfig | undefined;
  readonly kafka: KafkaConnection | undefined;
  readonly topics: TopicChoice;
  readonly registry: RegistryOptions | undefined;
  readonly realtime: RealtimeConfig | undefined;
  readonly sink: SinkConfig | undefined;
  readonly warehouse: ConnectionConfig | undefined;
  readonly dbt: DbtConfig | undefined;
  readonly audit: AuditConfig | undefined;
}

/**
 * @param file path of the configuration; relative paths in it start in its directory
 * @throws Failure naming the key and what it must be, never a value that may be secret
 */
export async function readPipelineConfig(file: string): Promise<PipelineConfig> {
  const directory = path.dirname(path.resolve(file));
  const config = await readJsonObject(file);
  new ConfigReader(config, '').only(...SECTIONS);
  const read = (section: Section): Promise<Json | undefined> => readSection(config, section, directory);
  const [syncKeys, sinkKeys, realtimeKeys] = [await read('sync'), await read('sink'), await read('realtime')];
  const [sync, sink] = [readerOf(syncKeys, 'sync'), readerOf(sinkKeys, 'sink')];
  const syncFile = sync?.optionalText('config_file');
  const realtimeFile = readerOf(realtimeKeys, 'realtime')?.optionalText('config_file');
  /** Where relative paths of a part start: at its own file, if it has one. */
  const startOf = (own: string | undefined): string =>
    own === undefined ? directory : path.dirname(path.resolve(directory, own));
  const syncDirectory = startOf(syncFile);
  // One file of ewallet-sync leads to both connectors' own.
  const ewallet = (await read('ewallet')) ?? (await connectorOf(syncKeys, 'source', syncDirectory));
  const kafkaKeys = (await read('kafka')) ?? (await connectorOf(syncKeys, 'destination', syncDirectory));
  const kafka = readerOf(kafkaKeys, 'kafka');
  // A sink that is only named here is not a sink's own file, which says where it lands.
  const sinkFile = sink?.value('config_file') === undefined ? undefined : sink;
  const warehouse = readerOf(await read('warehouse'), 'warehouse') ?? sinkFile;
  /** The sink's own way to Kafka and the registry, where the configuration has no other. */
  const sinkToKafka = config.kafka === undefined ? sink : undefined;
  const parsed: PipelineConfig = {
    ewallet: ewallet && parseEwallet(ewallet),
    sync: sync && parseSync(sync, syncDirectory, syncFile),
    airbyte: parseAirbyte(readerOf(await read('airbyte'), 'airbyte')),
    kafka:
      sinkToKafka?.value('consumer.override.bootstrap.servers') === undefined
        ? kafka && kafkaOfDestination(kafka)
        : kafkaOfSink(sinkToKafka),
    topics: topicsOf(sink, kafka),
    registry: (sinkToKafka && registryOfSink(sinkToKafka)) ?? (kafka && registryOfDestination(kafka)),
    realtime: parseRealtime(realtimeKeys, startOf(realtimeFile)),
    sink: sink && parseSink(sink),
    warehouse: warehouse && warehouseOf(warehouse),
    dbt: parseDbt(readerOf(await read('dbt'), 'dbt'), directory),
    audit: parseAudit(readerOf(await read('audit'), 'audit')),
  };
  if (SECTIONS.every((key) => config[key] === undefined)) {
    throw Failure.config(`The configuration ${file} names no part to look at. Known are ${SECTIONS.join(', ')}.`);
  }
  if (parsed.audit !== undefined && parsed.warehouse === undefined) {
    throw Failure.config('`audit` is read from the warehouse: give `warehouse`, or `sink.config_file`, too.');
  }
  return parsed;
}

function readerOf(keys: Json | undefined, section: Section): ConfigReader | undefined {
  return keys && new ConfigReader(keys, section);
}
