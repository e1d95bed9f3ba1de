import path from 'node:path';
import { ConfigReader, Failure } from '@ewallet/failure';

/** How a connector is started: a program on this machine, or an image. */
export type Launcher =
  | { readonly kind: 'command'; readonly command: readonly [string, ...string[]] }
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly runtime: readonly [string, ...string[]];
      /** Of the runtime's `run`: the network, say. */
      readonly options: readonly string[];
    };

export interface ConnectorConfig {
  readonly launcher: Launcher;
  /** Given to the connector as its --config: the object itself, or the path of a file. */
  readonly config:
    { readonly kind: 'inline'; readonly value: unknown } | { readonly kind: 'file'; readonly path: string };
}

const CONNECTOR_KEYS = ['command', 'image', 'container_runtime', 'container_options', 'config', 'config_file'];

/**
 * @param command what is started where the configuration names neither a program nor an image
 * @param directory where relative paths start
 */
export function parseConnector(value: unknown, key: string, command: string, directory: string): ConnectorConfig {
  const connector = new ConfigReader(value, key);
  connector.only(...CONNECTOR_KEYS);
  const file = connector.filledText('config_file');
  const config = connector.value('config');
  if ((file === undefined) === (config === undefined)) {
    throw Failure.config(`\`${key}\` needs either \`config\` or \`config_file\`.`);
  }
  const image = connector.filledText('image');
  if (image !== undefined && connector.value('command') !== undefined) {
    throw Failure.config(`\`${key}\` has both \`command\` and \`image\`: choose one.`);
  }
  return {
    launcher:
      image === undefined
        ? { kind: 'command', command: connector.textOrTexts('command') ?? [command] }
        : {
            kind: 'image',
            image,
            runtime: connector.textOrTexts('container_runtime') ?? ['docker'],
            options: connector.textOrTexts('container_options') ?? [],
          },
    config:
      file === undefined ? { kind: 'inline', value: config } : { kind: 'file', path: path.resolve(directory, file) },
  };
}
