// The certificate, the key and the authorities of the API's TLS, read once at the start.
import { readFile } from 'node:fs/promises';
import type { TlsMaterial } from '../api/index.ts';
import { StartupError } from '../startup-error.ts';
import { readPrivateFile } from './secret-file.ts';

/** A chain of four certificates, or a bundle of some dozen authorities. */
const MAX_PEM_CHARACTERS = 256 * 1024;
/** An RSA key of 8,192 bits has under 7,000. */
const MAX_KEY_BYTES = 16 * 1024;

export interface TlsFiles {
  readonly apiTlsCert: string | undefined;
  readonly apiTlsKey: string | undefined;
  readonly apiTlsClientCa: string | undefined;
}

/** Undefined without TLS. Rejects with StartupError, also when others may read the key. */
export async function readTlsMaterial(files: TlsFiles): Promise<TlsMaterial | undefined> {
  const { apiTlsCert, apiTlsKey, apiTlsClientCa } = files;
  if (apiTlsCert === undefined || apiTlsKey === undefined || apiTlsClientCa === undefined) {
    return undefined;
  }
  const key = await readPrivateFile(apiTlsKey, MAX_KEY_BYTES);
  if (key === undefined) {
    throw new StartupError(
      `There is no file ${apiTlsKey}.`,
      'Name the private key of the certificate with --api-tls-key.',
    );
  }
  const cert = await readPem(apiTlsCert, '--api-tls-cert');
  return { key, cert, clientCa: await readPem(apiTlsClientCa, '--api-tls-client-ca') };
}

async function readPem(path: string, option: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length <= MAX_PEM_CHARACTERS) return text;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new StartupError(`Cannot read ${path}: ${words}.`, `Name a file with ${option}.`, error);
  }
  throw new StartupError(`${path} is too large.`, `Name a file of certificates with ${option}.`);
}
