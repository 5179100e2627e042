// Certificates for tests, made by the openssl command: an authority, what it signs, and what another one signs.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
  /** Texts in PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority in a directory. Files are named after it. */
export async function makeAuthority(directory: string, name: string): Promise<Pair> {
  const paths = pathsOf(directory, name);
  await openssl(
    'req',
    '-x509',
    ...newKey(paths.keyFile),
    '-out',
    paths.certFile,
    '-days',
    '2',
    ...subject(name),
  );
  return pairOf(paths);
}

/** A certificate of an authority; `names` as openssl writes them, such as `DNS:hub.example` or `IP:127.0.0.1`. */
export async function makeCertificate(
  directory: string,
  name: string,
  authority: Pair,
  names: readonly string[] = [],
): Promise<Pair> {
  const paths = pathsOf(directory, name);
  const alternatives = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
  await openssl(
    ...['req', '-x509', '-CA', authority.certFile, '-CAkey', authority.keyFile],
    ...newKey(paths.keyFile),
    ...['-out', paths.certFile, '-days', '2', '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...alternatives,
    ...subject(name),
  );
  return pairOf(paths);
}

function pathsOf(directory: string, name: string): Pick<Pair, 'certFile' | 'keyFile'> {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

function newKey(keyFile: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', keyFile];
}

function subject(name: string): readonly string[] {
  return ['-subj', `/CN=${name}`];
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args);
}

async function pairOf(paths: Pick<Pair, 'certFile' | 'keyFile'>): Promise<Pair> {
  const [cert, key] = await Promise.all([
    readFile(paths.certFile, 'utf8'),
    readFile(paths.keyFile, 'utf8'),
  ]);
  return { ...paths, cert, key };
}
