import { Failure } from '@ewallet/failure';
import { NAMESPACE_HEADER, STREAM_HEADER } from '@ewallet/avro';
import type { RecordCursor } from '@ewallet/kafka';
import { partitionColumn, type PartitionChoice } from '../config/partition-choice';
import { shownTable, streamOf, tableName, type TableName } from '../tables/table-name';
import type { KeyRule } from '../tables/key-rule';
import { TableTarget } from '../tables/table-target';

interface Naming {
  readonly tableNameFormat: string;
  readonly key: KeyRule;
  readonly partitionByMonth: PartitionChoice;
}

/** Which table each topic fills. Two topics that would fill one table are refused: neither could be told from the other. */
export class TopicTables {
  private readonly byTopic = new Map<string, TableTarget>();
  private readonly topicByTable = new Map<string, string>();

  constructor(private readonly naming: Naming) {}

  /** Whether Kafka's keys are read at all: else they may be anything. */
  get readsKeys(): boolean {
    return this.naming.key.kind === 'record-key';
  }

  get(topic: string): TableTarget | undefined {
    return this.byTopic.get(topic);
  }

  /**
   * The table of a topic, decided by the first record that is seen of it.
   *
   * @param schemaStream the stream's name as its writer schema has it, where our destination wrote it
   */
  open(topic: string, record: RecordCursor, schemaStream: string | undefined): TableTarget {
    const { stream, name } = this.name(topic, record, schemaStream);
    const other = this.topicByTable.get(shownTable(name));
    if (other !== undefined && other !== topic) {
      throw Failure.config(
        `Topics ${other} and ${topic} would both fill ${shownTable(name)}. Set table.name.format so that they differ, for example raw.\${namespace}_\${stream}.`,
      );
    }
    // Without a key there is nothing to upsert by: such a stream's records are all kept, in any insert.mode.
    const rule = this.naming.key;
    const isWithoutKey = rule.kind === 'record-key' && record.keyStart < 0;
    const target = new TableTarget(
      topic,
      stream,
      name,
      isWithoutKey ? { kind: 'none' } : rule,
      partitionColumn(this.naming.partitionByMonth, name),
    );
    this.byTopic.set(topic, target);
    this.topicByTable.set(shownTable(name), topic);
    return target;
  }

  /** The table's name alone, which a control record needs too. */
  name(
    topic: string,
    record: RecordCursor,
    schemaStream: string | undefined,
  ): { readonly stream: string; readonly name: TableName } {
    const known = this.byTopic.get(topic);
    if (known !== undefined) return known;
    const headers = record.headers();
    const header = (name: string) => headers.find((entry) => entry.name === name)?.value?.toString('utf8');
    const stream = streamOf(topic, header(STREAM_HEADER), schemaStream);
    const namespace = header(NAMESPACE_HEADER) ?? '';
    return { stream, name: tableName(this.naming.tableNameFormat, { topic, stream, namespace }) };
  }
}
