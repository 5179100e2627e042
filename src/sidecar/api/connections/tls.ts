// TLS of the API: which certificate it shows, whose certificates it lets in, and by which names it may be called.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { StartupError } from '../../startup-error.ts';
import { TLS_HANDSHAKE_TIMEOUT_MS } from '../calls/limits.ts';

/** Texts in PEM. */
export interface TlsMaterial {
  /** The server's certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Authorities whose client certificates are let in. */
  readonly clientCa: string;
}

/** What the listener is made with. Throws StartupError for a certificate or a key that is none, or that do not belong together. */
export function tlsOptions({ cert, key, clientCa }: TlsMaterial): TlsOptions {
  readCertificate(cert, '--api-tls-cert');
  readCertificate(clientCa, '--api-tls-client-ca');
  const options: TlsOptions = {
    cert,
    key,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new StartupError(
      'The key of --api-tls-key cannot be used with the certificate of --api-tls-cert',
      'Give the private key of that certificate in PEM, without a passphrase.',
      // Its message names a fault of the format, never content.
      error,
    );
  }
  return options;
}

/** Whether a Host header names this server: a name or address in its certificate. Throws StartupError. */
export function namesOf(cert: string): (host: string) => boolean {
  const certificate = readCertificate(cert, '--api-tls-cert');
  return (host) =>
    (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

function readCertificate(pem: string, option: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new StartupError(
      `The file of ${option} holds no certificate`,
      'Give one or more certificates in PEM, beginning with -----BEGIN CERTIFICATE-----.',
      error,
    );
  }
}
