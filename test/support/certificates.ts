import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A certificate authority made for one test. */
export class Authority {
  readonly caPath: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #openssl: string;

  /** @param folder where its files go; it goes with the test */
  constructor(folder: string, name: string, openssl: string) {
    this.#folder = folder;
    this.#name = name;
    this.#openssl = openssl;
    this.caPath = join(folder, `${name}.pem`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.#keyPath];
    this.#run('req', '-x509', ...key, '-out', this.caPath, '-days', '2', '-subj', `/CN=${name}`);
  }

  /** A certificate for a node, and its key. */
  issue(node: string): { readonly certificate: string; readonly privateKey: string } {
    const place = join(this.#folder, `${this.#name}-${node}`);
    const [certificate, privateKey, request] = [`${place}.pem`, `${place}.key`, `${place}.csr`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', privateKey];
    this.#run('req', '-new', ...key, '-out', request, '-subj', `/CN=${node}`);
    const by = ['-CA', this.caPath, '-CAkey', this.#keyPath, '-CAcreateserial'];
    this.#run('x509', '-req', '-in', request, ...by, '-out', certificate, '-days', '2');
    return { certificate, privateKey };
  }

  get #keyPath(): string {
    return join(this.#folder, `${this.#name}.key`);
  }

  #run(...args: readonly string[]): void {
    execFileSync(this.#openssl, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
