// Certificates for tests, made by the openssl command: authorities, and what they sign.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Files in PEM. */
export interface Certificate {
  certFile: string;
  keyFile: string;
  cert: string;
  key: string;
}

/** An authority whose certificates are for this test alone. */
export class Authority {
  readonly #directory: string;
  readonly #name: string;

  static async make(directory: string, name: string): Promise<Authority> {
    const file = path.join(directory, name);
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    await run('openssl', [
      'req',
      '-x509',
      ...CURVE,
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.pem`,
      ...subject,
    ]);
    return new Authority(directory, name, await readFile(`${file}.pem`, 'utf8'));
  }

  private constructor(
    directory: string,
    name: string,
    readonly cert: string,
  ) {
    this.#directory = directory;
    this.#name = name;
  }

  get certFile(): string {
    return path.join(this.#directory, `${this.#name}.pem`);
  }

  /** `names` as in subjectAltName, such as DNS:localhost. With `days` below 0 it has expired. */
  async sign(name: string, { names, days = 2 }: { names: string; days?: number }): Promise<Certificate> {
    const file = path.join(this.#directory, name);
    const authority = path.join(this.#directory, this.#name);
    await writeFile(`${file}.ext`, `subjectAltName=${names}\n`);
    const request = ['-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${name}`];
    await run('openssl', ['req', ...CURVE, ...request]);
    // A file of serial numbers for each: one that several openssls write at once is at times empty when it is read.
    const serial = ['-CAserial', `${file}.srl`, '-CAcreateserial'];
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, ...serial];
    const what = ['-in', `${file}.csr`, '-out', `${file}.pem`, '-extfile', `${file}.ext`];
    await run('openssl', ['x509', '-req', ...what, ...by, '-days', String(days)]);
    const [cert, key] = await Promise.all([readFile(`${file}.pem`, 'utf8'), readFile(`${file}.key`, 'utf8')]);
    return { certFile: `${file}.pem`, keyFile: `${file}.key`, cert, key };
  }
}

/** The same key, encrypted. */
export async function encryptedKey(certificate: Certificate, passphrase: string): Promise<string> {
  const how = ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-passout', `pass:${passphrase}`];
  return (await run('openssl', [...how, '-in', certificate.keyFile])).stdout;
}
