// The certificates with which a sidecar on another machine is called: whom we trust, and who we are.
import { readFileSync } from 'node:fs';
import { HoldfastClientError } from '../error.ts';

/** Paths of files in PEM; each undefined where nothing was said. */
export interface TlsFiles {
  /** Authorities that the sidecar's certificate may be of; the system's where this is left out. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What Node's TLS agent takes. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Throws HoldfastClientError `invalid_argument` for a file that cannot be read, and for a certificate without its key. */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsMaterial {
  if ((cert === undefined) !== (key === undefined)) {
    throw new HoldfastClientError(
      'invalid_argument',
      'a client certificate and its key are given together: --tls-cert and --tls-key, or HOLDFAST_TLS_CERT and HOLDFAST_TLS_KEY',
    );
  }
  return {
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert) }),
    ...(key !== undefined && { key: read(key) }),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastClientError('invalid_argument', `the file ${path} cannot be read: ${why}`, {
      cause,
    });
  }
}
