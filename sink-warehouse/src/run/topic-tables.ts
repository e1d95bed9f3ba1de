import type { RecordCursor } from '@ewallet/kafka';
import { partitionColumn, type PartitionChoice } from '../config/partition-choice';
import { shownTable, streamOf, tableName, type TableName } from '../tables/table-name';
import { NAMESPACE_HEADER, RECORD_ID_HEADER, STREAM_HEADER } from '@ewallet/avro';
import type { KeyRule } from '../tables/key-rule';
import { TableTarget } from '../load/table-target';
import { movedTable, type TopicDecision } from '../tables/topic-decision';

interface Naming {
  /** The connector. */
  readonly name: string;
  readonly tableNameFormat: string;
  readonly key: KeyRule;
  readonly partitionByMonth: PartitionChoice;
}

/** What a record's schema says of where it came from. */
export interface Origin {
  /** The stream's name as the writer schema has it, where our destination wrote it. */
  readonly schemaStream: string | undefined;
  /** Whether the record is of our destination. Other producers use a header named `stream` for things of their own. */
  readonly isOurs: boolean;
}

/**
 * Which table each topic fills: as the warehouse decided, and for a topic it does not know yet what its first record
 * suggests. The suggestion becomes the decision, or is refused, in the transaction of the topic's first rows.
 */
export class TopicTables {
  private readonly byTopic = new Map<string, TableTarget>();
  private decided: ReadonlyMap<string, TopicDecision> = new Map();

  /** @param hasKeySchema whether the topic's records have keys by contract, though the record at hand has none */
  constructor(
    private readonly naming: Naming,
    private readonly hasKeySchema: (topic: string) => Promise<boolean>,
  ) {}

  /** Whether Kafka's keys are read at all: else they may be anything. */
  get readsKeys(): boolean {
    return this.naming.key.kind === 'record-key';
  }

  get(topic: string): TableTarget | undefined {
    return this.byTopic.get(topic);
  }

  /** What the warehouse decided. What was suggested in this process and not agreed to is forgotten. */
  learn(decisions: readonly TopicDecision[]): void {
    this.decided = new Map(decisions.map((decision) => [decision.topic, decision]));
    for (const [topic, { decision }] of this.byTopic) {
      const decided = this.decided.get(topic);
      const holds =
        decided !== undefined &&
        shownTable(decided.name) === shownTable(decision.name) &&
        (decided.keyed === null || decided.keyed === decision.keyed);
      if (!holds) this.byTopic.delete(topic);
    }
  }

  forget(topic: string): void {
    this.byTopic.delete(topic);
  }

  /** The table of a topic that has none in this process yet. */
  async open(topic: string, record: RecordCursor, origin: Origin): Promise<TableTarget> {
    const { stream, namespace, name } = this.name(topic, record, origin);
    const rule = this.naming.key;
    const keyed = rule.kind === 'record-key' ? await this.isKeyed(topic, record) : null;
    const target = new TableTarget(
      { connector: this.naming.name, topic, stream, namespace, name, keyed },
      // Without a key there is nothing to upsert by: such a stream's records are all kept, in any insert.mode.
      keyed === false ? { kind: 'keyless' } : rule,
      partitionColumn(this.naming.partitionByMonth, name),
    );
    this.byTopic.set(topic, target);
    return target;
  }

  /** The table's name alone, which a control record needs too. */
  name(
    topic: string,
    record: RecordCursor,
    { schemaStream, isOurs }: Origin,
  ): { readonly stream: string; readonly namespace: string; readonly name: TableName } {
    const headers = record.headers();
    const header = (name: string) => headers.find((entry) => entry.name === name)?.value?.toString('utf8');
    const trusted = isOurs || header(RECORD_ID_HEADER) !== undefined;
    const decided = this.decided.get(topic);
    const stream = decided?.stream ?? streamOf(topic, trusted ? header(STREAM_HEADER) : undefined, schemaStream);
    const namespace = decided?.namespace ?? (trusted ? header(NAMESPACE_HEADER) : undefined) ?? '';
    const format = this.naming.tableNameFormat;
    // Version 0.1.0 kept no namespace: whether the format was changed since cannot be known.
    if (decided?.namespace === null && format.includes('${namespace}'))
      return { stream, namespace, name: decided.name };
    const name = tableName(format, { topic, stream, namespace });
    if (decided !== undefined && shownTable(decided.name) !== shownTable(name)) throw movedTable(decided, name);
    return { stream, namespace, name };
  }

  /** A record without a key may be a mistake in a topic whose others have one; the key's schema says that they do. */
  private async isKeyed(topic: string, record: RecordCursor): Promise<boolean> {
    return this.decided.get(topic)?.keyed ?? (record.keyStart >= 0 || (await this.hasKeySchema(topic)));
  }
}
