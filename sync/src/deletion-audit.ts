import path from 'node:path';
import type { AttemptFiles } from './attempt-files';
import type { SyncConfig } from './config';
import { commandLine } from './connector-process';
import { planDeletions, type DeletionPlan } from './deletion-plan';
import { isDue, readLastLook, writeLastLook } from './deletion-schedule';
import { searchDeletions } from './deletion-search';
import type { ConfiguredStream } from './selection';
import type { SyncLog } from './sync-log';

/** What one sync does about deletions. */
export interface DeletionLook extends DeletionPlan {
  /** To be called once the sync has sent them. */
  readonly done: () => Promise<void>;
}

const NOTHING: DeletionLook = { asked: [], refused: [], done: () => Promise.resolve() };

interface Search {
  readonly streams: readonly ConfiguredStream[];
  readonly sourceConfig: string;
  readonly files: AttemptFiles;
  readonly stop: AbortSignal;
  readonly log: SyncLog;
}

/** Looks for deleted rows where the configuration wants it now. @param sourceConfig path of the source's configuration */
export async function lookForDeletions(
  config: SyncConfig,
  { streams, sourceConfig, files, stop, log }: Search,
): Promise<DeletionLook> {
  const { schedule, maxShare } = config.deletions;
  const file = path.join(config.stateDirectory, 'deletions-looked-for');
  const started = new Date();
  if (schedule.kind === 'off' || !isDue(schedule, await readLastLook(file), started)) return NOTHING;
  const auditConfig = await auditFile(config, sourceConfig, files);
  const { launcher } = config.deletions.audit;
  const command = commandLine(launcher, 'deletions', { files: { config: auditConfig }, directory: files.directory });
  const plan = planDeletions(await searchDeletions(command, stop, log), streams, maxShare);
  const counts = plan.asked.map(({ stream, keys }) => [stream, keys.length] as const);
  log.info('deletions searched', {
    deleted: Object.fromEntries(counts),
    seconds: (Date.now() - started.getTime()) / 1_000,
  });
  return { ...plan, done: async () => writeLastLook(file, started) };
}

/** An inline configuration of the audit needs no more than the warehouse: the source is the sync's own. */
async function auditFile(config: SyncConfig, sourceConfig: string, files: AttemptFiles): Promise<string> {
  const { audit } = config.deletions;
  if (audit.config.kind === 'file' || audit.launcher.kind === 'image') return files.config('audit.json', audit);
  const sections = Object.entries(audit.config.value as object).map(([key, section]: [string, unknown]) => [
    key,
    withAbsolutePath(section, path.dirname(config.file)),
  ]);
  return files.put(
    'audit.json',
    JSON.stringify({ source: { config_file: sourceConfig }, ...(Object.fromEntries(sections) as object) }),
  );
}

function withAbsolutePath(section: unknown, directory: string): unknown {
  if (typeof section !== 'object' || section === null || !('config_file' in section)) return section;
  const { config_file: file } = section;
  return typeof file === 'string' ? { ...section, config_file: path.resolve(directory, file) } : section;
}
