import { drawPort, isFree } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { KafkaPorts } from './kafka';
import type { ServiceName, StackState } from './service-state';
import type { StackOptions } from './stack-options';

export interface StackPorts {
  readonly source: number;
  readonly warehouse: number;
  readonly kafka: KafkaPorts;
  readonly schemaRegistry: number;
}

/** The port that was asked for, else the one of the directory's earlier run, else a drawn one. */
export async function choosePorts(options: StackOptions, before: StackState | undefined): Promise<StackPorts> {
  const earlier = before?.connections;
  return {
    source: await choosePort('source', options.source?.port, earlier?.source.port),
    warehouse: await choosePort('warehouse', options.warehouse?.port, earlier?.warehouse.port),
    kafka: {
      plain: await choosePort('kafka', options.kafka?.port, portOf(earlier?.kafka.bootstrapServers)),
      controller: await drawPort(),
      listeners: await Promise.all((options.kafka?.listeners ?? []).map(drawPort)),
    },
    schemaRegistry: await choosePort(
      'schemaRegistry',
      options.schemaRegistry?.port,
      earlier === undefined ? undefined : Number(new URL(earlier.schemaRegistry.url).port),
    ),
  };
}

export function portOf(bootstrapServers: string | undefined): number | undefined {
  return bootstrapServers === undefined ? undefined : Number(bootstrapServers.split(':').at(-1));
}

async function choosePort(name: ServiceName, asked: number | undefined, earlier: number | undefined): Promise<number> {
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw Failure.config(
      `port ${asked}, asked for ${name}, is in use by another process: choose another port, or leave it out to have a free one`,
    );
  }
  return earlier !== undefined && (await isFree(earlier)) ? earlier : drawPort();
}
