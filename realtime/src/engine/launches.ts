import type { Launch } from '@ewallet/child-services';
import path from 'node:path';
import type { Folders } from './flink-settings';

export interface Runtime {
  readonly java: string;
  readonly classpath: string;
}

/** Modules of Java 17 that Flink looks into. */
const OPENED = [
  'java.lang',
  'java.net',
  'java.io',
  'java.nio',
  'sun.nio.ch',
  'java.lang.reflect',
  'java.text',
  'java.time',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.util.concurrent.locks',
];

/** Flink's own program that runs a script of SQL. */
export const SQL_DRIVER = 'org.apache.flink.table.runtime.application.SqlDriver';

/** What every JVM of Flink needs. */
export function javaArguments(folders: Folders): readonly string[] {
  return [
    '--add-exports=java.base/sun.net.util=ALL-UNNAMED',
    '--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED',
    '--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED',
    ...OPENED.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    `-Dlog4j2.configurationFile=${path.join(folders.conf, 'log4j2.properties')}`,
    `-Djava.io.tmpdir=${folders.temporary}`,
    '-XX:+UseSerialGC',
    '-XX:MaxMetaspaceSize=256m',
  ];
}

/** The coordinator, with the job as its only application. */
export function jobManager(runtime: Runtime, folders: Folders, restoreFrom: string | undefined): Launch {
  return launch(runtime, folders, 'jobmanager', [
    '-Xms64m',
    '-Xmx384m',
    // It plans once and then waits: the first compiler is enough, and starts it sooner.
    '-XX:TieredStopAtLevel=1',
    ...javaArguments(folders),
    '-cp',
    runtime.classpath,
    'org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint',
    '--configDir',
    folders.conf,
    ...(restoreFrom === undefined ? [] : ['--fromSavepoint', restoreFrom]),
    '--job-classname',
    SQL_DRIVER,
    '--scriptUri',
    `file://${folders.script}`,
  ]);
}

/** The worker. */
export function taskManager(runtime: Runtime, folders: Folders, heapMb: number): Launch {
  return launch(runtime, folders, 'taskmanager', [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    '-XX:MaxDirectMemorySize=256m',
    ...javaArguments(folders),
    '-cp',
    runtime.classpath,
    'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
    '--configDir',
    folders.conf,
  ]);
}

function launch(runtime: Runtime, folders: Folders, name: string, args: readonly string[]): Launch {
  return {
    command: runtime.java,
    args,
    env: {},
    cwd: folders.root,
    logFile: path.join(folders.root, `${name}.log`),
    stopSignal: 'SIGTERM',
  };
}
