import { count } from '@ewallet/failure';
import type { SinkConfig } from '../config/parts';
import type { KafkaFacts } from '../probe/kafka';
import type { Probe } from '../probe/probe';
import type { InstanceFacts } from '../probe/sink-rest';
import type { WarehouseFacts } from '../probe/warehouse';
import { ago } from './amounts';
import { line, type Finding, type Line } from './verdict';

export interface SinkEvidence {
  /** Undefined where no Kafka is configured. */
  readonly kafka: Probe<KafkaFacts> | undefined;
  readonly warehouse: Probe<WarehouseFacts> | undefined;
  readonly instances: readonly { readonly url: string; readonly asked: Probe<InstanceFacts> }[];
}

/** The processes of one connector, by what each says itself, what its group says, and what an operator asked for. */
export function judgeSink({ name }: SinkConfig, evidence: SinkEvidence, now: Date): Line {
  const { instances } = evidence;
  const group = evidence.kafka?.kind === 'answered' ? evidence.kafka.value.group : undefined;
  const warehouse = evidence.warehouse?.kind === 'answered' ? evidence.warehouse.value : undefined;
  const answered = instances.flatMap(({ asked }) => (asked.kind === 'answered' ? [asked.value] : []));
  const held = assignment(warehouse);
  const says = [
    ...(group === undefined ? [] : [`${count(group.members.length, 'instance')} in the group (${group.state})`]),
    ...answered.map(({ url, state }) => `${url} ${state}`),
    ...(held === undefined ? [] : [held]),
  ];
  const findings = [
    ...targetFindings(name, warehouse, now),
    ...instanceFindings(answered),
    ...absenceFindings(evidence, answered, warehouse),
  ];
  const isBlind = says.length === 0 && findings.length === 0;
  const unknown: Finding = {
    code: 'sink-unreachable',
    verdict: 'unknown',
    says: 'neither Kafka nor the warehouse nor a REST API can say',
    next: 'Bring those back first, or give `sink.instances` the URLs of the REST APIs.',
  };
  return line('sink', name, {
    says,
    findings: isBlind ? [unknown] : findings,
    facts: {
      group: group ?? null,
      instances: instances.map(({ url, asked }) =>
        asked.kind === 'answered' ? { ...asked.value } : { url, state: null, reason: asked.reason },
      ),
      target_state: warehouse?.target?.state ?? null,
    },
  });
}

function targetFindings(name: string, warehouse: WarehouseFacts | undefined, now: Date): Finding[] {
  const target = warehouse?.target;
  if (target === undefined || target.state === 'RUNNING') return [];
  return [
    {
      code: target.state === 'PAUSED' ? 'sink-paused' : 'sink-stopped',
      verdict: 'degraded',
      says: `an operator asked it to be ${target.state} ${ago(target.since, now)}, and nothing lands since`,
      next: `When that is over: curl -X PUT <rest>/connectors/${name}/resume`,
    },
  ];
}

function instanceFindings(answered: readonly InstanceFacts[]): Finding[] {
  return answered.flatMap(({ url, state, reason }): Finding[] => {
    switch (state) {
      case 'RUNNING':
        return reason === undefined
          ? []
          : [
              {
                code: 'sink-failing',
                verdict: 'degraded',
                says: `${url} runs, but ${reason}`,
                next: 'Repair what it names; its other topics land meanwhile.',
              },
            ];
      case 'PAUSED': // in sink.connectors too, which says since when
      case 'STOPPED':
        return [];
      case 'FAILED':
        return [
          {
            code: 'sink-failing',
            verdict: 'down',
            says: `${url} has failed${reason === undefined ? '' : `: ${reason}`}`,
            next: 'It gave up and ends: repair the cause, then start `sink-warehouse run --config …` again.',
          },
        ];
      default:
        return [
          {
            code: 'sink-failing',
            verdict: 'degraded',
            says: `${url} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
            next: 'It retries by itself and continues from the offsets of the warehouse once the cause is gone.',
          },
        ];
    }
  });
}

/** Who is missing: a process that does not answer, or a group without members. */
function absenceFindings(
  { kafka, instances }: SinkEvidence,
  answered: readonly InstanceFacts[],
  warehouse: WarehouseFacts | undefined,
): Finding[] {
  const silent = instances.flatMap(({ url, asked }) =>
    asked.kind === 'failed' ? [{ url, reason: asked.reason }] : [],
  );
  const group = kafka?.kind === 'answered' ? kafka.value.group : undefined;
  const isMeant = warehouse?.target?.state === 'STOPPED';
  // A process that was killed stays a member of its group until its session is over.
  const members = group?.members.length ?? (instances.length > 0 ? 0 : undefined);
  const nobodyIsThere = answered.length === 0 && members !== undefined && members <= silent.length;
  if (nobodyIsThere && !isMeant) {
    const why = silent.map(({ url, reason }) => `${url}: ${reason}`).join('; ');
    return [
      {
        code: 'sink-not-running',
        verdict: 'down',
        says: `no instance runs${why === '' ? '' : ` (${why})`}`,
        next: 'Start `sink-warehouse run --config …`; its log says why it ended. Kafka keeps the backlog for as long as the topics’ retention.',
      },
    ];
  }
  return silent.map(({ url, reason }) => ({
    code: 'sink-unreachable',
    verdict: 'degraded',
    says: `${url} does not answer: ${reason}`,
    next: 'Start that instance, or take it out of `sink.instances`; the others hold its partitions meanwhile.',
  }));
}

/** `12 partitions by worker-1/4711`. */
function assignment(warehouse: WarehouseFacts | undefined): string | undefined {
  if (warehouse === undefined || warehouse.partitions.length === 0) return undefined;
  const byOwner = new Map<string, number>();
  for (const { owner } of warehouse.partitions) {
    const process = owner.split('/').slice(0, 2).join('/');
    byOwner.set(process, (byOwner.get(process) ?? 0) + 1);
  }
  return `last held: ${[...byOwner].map(([owner, partitions]) => `${count(partitions, 'partition')} by ${owner}`).join(', ')}`;
}
