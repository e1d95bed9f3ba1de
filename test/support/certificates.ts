import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority for one test, in a directory of the test's own; made by openssl. */
export class CertificateAuthority {
  private constructor(
    private readonly dir: string,
    readonly certificate: string,
  ) {}

  static async create(dir: string): Promise<CertificateAuthority> {
    await openssl(dir, `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.crt`);
    return new CertificateAuthority(dir, await readFile(path.join(dir, 'ca.crt'), 'utf8'));
  }

  /** @param name the common name; for servers every name it is reached by goes into `alternativeNames` */
  async issue(name: string, alternativeNames = 'DNS:localhost,IP:127.0.0.1'): Promise<Pair> {
    await openssl(
      this.dir,
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -CA ca.crt -CAkey ca.key -keyout ${name}.key -out ${name}.crt -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=${alternativeNames}`,
    );
    const read = (file: string): Promise<string> => readFile(path.join(this.dir, file), 'utf8');
    return { certificate: await read(`${name}.crt`), key: await read(`${name}.key`) };
  }
}

async function openssl(dir: string, args: string): Promise<void> {
  await run('openssl', args.split(' '), { cwd: dir });
}
