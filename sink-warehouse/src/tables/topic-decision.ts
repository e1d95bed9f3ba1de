import { Failure } from '@ewallet/failure';
import { quoteLiteral as literal } from '@ewallet/postgres';
import { shownTable, type TableName } from './table-name';

/** Which table a topic fills, as sink.tables has it. Decided once, by the first record that a sink saw of the topic. */
export interface TopicDecision {
  readonly connector: string;
  readonly topic: string;
  readonly stream: string;
  /** What `${namespace}` stands for; null where version 0.1.0 decided, which did not keep it. */
  readonly namespace: string | null;
  readonly name: TableName;
  /** With pk.mode=record_key: whether the topic's records have keys. Null: by the configuration, or not decided yet. */
  readonly keyed: boolean | null;
}

/** What the warehouse says to a topic that is about to fill a table. */
export type Standing =
  /** Nobody decided yet, or a decision of version 0.1.0 lacks what this one adds. */
  | { readonly kind: 'open' }
  | { readonly kind: 'agreed' }
  /** Another instance decided otherwise since this one looked. */
  | { readonly kind: 'decided-otherwise'; readonly by: TopicDecision }
  /** Another topic fills the table. */
  | { readonly kind: 'taken'; readonly by: TopicDecision };

/** @param rows the decisions about this topic and about this table, in any order */
export function standingOf(proposal: TopicDecision, rows: readonly TopicDecision[]): Standing {
  const other = rows.find(
    ({ name, topic }) => shownTable(name) === shownTable(proposal.name) && topic !== proposal.topic,
  );
  if (other !== undefined) return { kind: 'taken', by: other };
  const own = rows.find(({ connector, topic }) => connector === proposal.connector && topic === proposal.topic);
  if (own === undefined) return { kind: 'open' };
  const sameTable = shownTable(own.name) === shownTable(proposal.name);
  const sameKey = own.keyed === null || proposal.keyed === null || own.keyed === proposal.keyed;
  if (!sameTable || !sameKey) return { kind: 'decided-otherwise', by: own };
  const lacks = own.namespace === null || (own.keyed === null && proposal.keyed !== null);
  return lacks ? { kind: 'open' } : { kind: 'agreed' };
}

/** Two topics in one table overwrite each other's rows, and no row would say which topic is right. */
export function takenTable(proposal: TopicDecision, by: TopicDecision): Failure {
  return Failure.config(
    `Topics ${by.topic} and ${proposal.topic} would both fill ${shownTable(proposal.name)}, which ${by.topic} fills${by.connector === proposal.connector ? '' : ` for connector ${by.connector}`}. ` +
      `Set table.name.format so that they differ, for example raw.\${namespace}_\${stream}. If ${proposal.topic} takes the place of ${by.topic}, see that nothing writes to ${by.topic} any more, and run: ${forget(by)};`,
    { stream: { name: proposal.stream } },
  );
}

/** A changed format would leave half of the topic in the old table and half in the new one. */
export function movedTable(decided: TopicDecision, now: TableName): Failure {
  return Failure.config(
    `${decided.topic} fills ${shownTable(decided.name)}, and table.name.format now makes ${shownTable(now)} of it. Change table.name.format back. ` +
      `To fill the new table from the topic's beginning, stop the sink, run: ${forget(decided)}; delete from sink.offsets where connector = ${literal(decided.connector)} and topic = ${literal(decided.topic)}; and start it again.`,
    { stream: { name: decided.stream } },
  );
}

/** Text for people: what it says is run by hand, after reading. */
function forget({ connector, topic }: TopicDecision): string {
  return `delete from sink.tables where connector = ${literal(connector)} and topic = ${literal(topic)}`;
}
