import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { guardPath, type Release } from '@ewallet/child-services';
import { readText } from '@ewallet/failure';
import type { ConnectorConfig } from './connector-config';
import { diskFailure } from './disk-failure';

const PREFIX = 'attempt-';

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
    private readonly gone: Release,
  ) {}

  /**
   * @param stateDirectory whose lock we hold: what a run left there that was killed with its guard, or whose machine
   *   stopped, is nobody's, and goes
   */
  static async make(stateDirectory: string): Promise<AttemptFiles> {
    // A name of its own: the guard of a run that was killed a moment ago may still be deleting that run's.
    const outer = path.join(stateDirectory, `${PREFIX}${randomUUID()}`);
    const directory = path.join(outer, 'files');
    const gone = guardPath(outer);
    try {
      await removeLeftovers(stateDirectory);
      await mkdir(outer, { mode: 0o700 });
      await mkdir(directory);
      await chmod(directory, 0o755); // whatever the umask says
    } catch (error) {
      throw diskFailure(error, `The attempt's directory ${directory} cannot be made`);
    }
    return new AttemptFiles(outer, directory, gone);
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
    return this.put(name, await readText(config.path, 'file'));
  }

  async remove(): Promise<void> {
    await rm(this.outer, { recursive: true, force: true });
    this.gone();
  }
}

/** Version 0.1.0 had one directory, `attempt`. */
async function removeLeftovers(stateDirectory: string): Promise<void> {
  for (const name of await readdir(stateDirectory)) {
    if (name !== 'attempt' && !name.startsWith(PREFIX)) continue;
    await rm(path.join(stateDirectory, name), { recursive: true, force: true });
  }
}
