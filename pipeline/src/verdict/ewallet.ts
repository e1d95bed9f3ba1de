import { count } from '@ewallet/failure';
import type { EwalletConfig } from '../config/parts';
import type { EwalletFacts } from '../probe/ewallet';
import type { Probe } from '../probe/probe';
import { bytes, duration } from './amounts';
import { clockFindings } from './clock';
import { line, type Finding, type Line } from './verdict';

export function judgeEwallet(config: EwalletConfig, asked: Probe<EwalletFacts>): Line {
  const { host, port, database, username } = config.connection;
  const subject = `${host}:${port}/${database}`;
  if (asked.kind === 'failed') {
    return line('e-wallet', subject, {
      says: [],
      findings: [
        {
          code: 'ewallet-down',
          verdict: 'down',
          says: asked.reason,
          next: 'Bring the server, the network or the role back: syncs continue by themselves from the last state.',
        },
      ],
    });
  }
  const { value } = asked;
  const { lastCommitSeconds } = value;
  const says = [
    value.isStandby ? 'standby' : 'primary',
    lastCommitSeconds === undefined
      ? 'last commit not known (track_commit_timestamp is off)'
      : `last ${value.isStandby ? 'replayed ' : ''}commit ${duration(lastCommitSeconds)} ago`,
    `oldest open transaction ${duration(value.oldestTransactionSeconds)}`,
    ...(value.hiddenSessions === 0
      ? []
      : [`${count(value.hiddenSessions, 'session')} not visible (grant pg_read_all_stats to ${username})`]),
    ...value.slots.map(({ name, retainedBytes }) => `slot ${name} retains ${bytes(retainedBytes)} of WAL`),
  ];
  const findings = [
    ...clockFindings(value.clockSkewSeconds),
    ...transactionFindings(config, value),
    ...slotFindings(config, value),
  ];
  return line('e-wallet', subject, { says, findings, facts: { ...value } });
}

function transactionFindings({ openTransactionSeconds }: EwalletConfig, value: EwalletFacts): Finding[] {
  if (value.oldestTransactionSeconds < openTransactionSeconds) return [];
  return [
    {
      code: 'ewallet-old-transaction',
      verdict: 'degraded',
      says: `a transaction is open for ${duration(value.oldestTransactionSeconds)}`,
      next: 'Find it in pg_stat_activity by xact_start and end it: syncs read again all that was written since it began.',
    },
  ];
}

function slotFindings(config: EwalletConfig, { slots }: EwalletFacts): Finding[] {
  const own = config.slot;
  const missing: Finding[] =
    own === undefined || slots.some(({ name }) => name === own)
      ? []
      : [
          {
            code: 'slot-missing',
            verdict: 'down',
            says: `replication slot ${own} does not exist`,
            next: 'Where no sync has run yet the first one creates it (`slot_creation`). Else create it and refresh the streams: changes since it was dropped cannot be read (docs/source-ewallet.md).',
          },
        ];
  const troubled = slots.flatMap(({ name, walStatus, retainedBytes }): Finding[] => {
    if (walStatus === 'lost') {
      return [
        {
          code: 'slot-lost',
          verdict: name === own ? 'down' : 'degraded',
          says: `slot ${name} lost WAL that was not read`,
          next: 'Drop the slot, create it again, refresh the streams in full, and raise max_slot_wal_keep_size.',
        },
      ];
    }
    if (walStatus !== 'unreserved' && retainedBytes < config.retainedWalBytes) return [];
    return [
      {
        code: 'slot-retains-wal',
        verdict: 'degraded',
        says: `slot ${name} holds back ${bytes(retainedBytes)} of WAL${walStatus === 'unreserved' ? ', more than the server will keep' : ''}`,
        next: 'Let a sync run to its end, which confirms the slot; drop a slot that nobody reads, or its WAL fills the disk.',
      },
    ];
  });
  return [...missing, ...troubled];
}
