import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import type { ConnectorConfig } from './config';
import { diskFailure } from './disk-failure';

/**
 * What the connectors of one attempt are given to read: configurations (with secrets), catalog, state. Not through
 * descriptors: a connector behind a wrapper that closes those, or in an image, would not find them.
 *
 * Only this user can enter the outer directory. The inner one is mounted into images, whose users are none of this
 * machine's: there anybody may read.
 */
export class AttemptFiles {
  private constructor(
    private readonly outer: string,
    readonly directory: string,
  ) {}

  /** @param outer in the state directory, whose lock we hold: what a killed run left there is nobody's, and goes. */
  static async make(outer: string): Promise<AttemptFiles> {
    const directory = path.join(outer, 'files');
    try {
      await rm(outer, { recursive: true, force: true });
      await mkdir(outer, { mode: 0o700 });
      await mkdir(directory);
      await chmod(directory, 0o755); // whatever the umask says
    } catch (error) {
      throw diskFailure(error, `The attempt's directory ${directory} cannot be made`);
    }
    return new AttemptFiles(outer, directory);
  }

  /** @returns the path of the file. */
  async put(name: string, text: string): Promise<string> {
    const file = path.join(this.directory, name);
    try {
      await writeFile(file, text);
      await chmod(file, 0o644);
    } catch (error) {
      throw diskFailure(error, `The attempt's file ${file} cannot be written`);
    }
    return file;
  }

  /** A configuration that is in a file already is copied for an image only, which sees nothing but this directory. */
  async config(name: string, { config, launcher }: ConnectorConfig): Promise<string> {
    if (config.kind === 'inline') return this.put(name, JSON.stringify(config.value));
    if (launcher.kind === 'command') return config.path;
    const text = await readFile(config.path, 'utf8').catch((error: unknown) => {
      throw Failure.config(`The file ${config.path} cannot be read.`, { cause: error });
    });
    return this.put(name, text);
  }

  async remove(): Promise<void> {
    await rm(this.outer, { recursive: true, force: true });
  }
}
