// How tests let a device into a fleet that the command line founded: by a certificate that they sign themselves.
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  certificateOf,
  encodeCertificate,
  type Role,
  type Signer,
  type StatementKind,
  signStatement,
} from '../../../src/core/index.ts';
import { certifiedKeys, type NodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { loadTrustFile, storeTrustFile } from '../../../src/sidecar/identity/trust-file.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { openTrust } from '../../../src/sidecar/trust/member-trust.ts';

const { random, clock } = systemEnvironment;

/** A fleet, as one of its members has it on its disk. */
export class FleetOnDisk {
  readonly #dataDir: string;
  readonly #statements: readonly Uint8Array[];

  private constructor(dataDir: string, statements: readonly Uint8Array[]) {
    this.#dataDir = dataDir;
    this.#statements = statements;
  }

  static async of(dataDir: string): Promise<FleetOnDisk> {
    const statements = await loadTrustFile(dataDir);
    return new FleetOnDisk(dataDir, statements ?? assert.fail(`${dataDir} was not founded`));
  }

  sign(kind: StatementKind, payload: Uint8Array, signer: Signer): Uint8Array {
    const { fleetId } = openTrust(this.#statements, [], sodiumCrypto);
    return signStatement(kind, payload, { fleetId, signer, hash: sodiumCrypto }).bytes;
  }

  /** The first certificate of a key, which speaks for the agent of its name. */
  certify(key: NodeKey, name: string, roles: readonly Role[], signer: Signer): Uint8Array {
    const grants = { name, roles: new Set(roles), agents: [name], collections: [] };
    const born = { nowMs: clock.now().wallMs, generation: 1, tokenId: new Uint8Array(0) };
    const certificate = certificateOf(certifiedKeys(key), grants, born);
    return this.sign('certificate', encodeCertificate(certificate), signer);
  }

  /** Makes a data directory that of a member which was founded with these statements as well. */
  async settle(dataDir: string, more: readonly Uint8Array[]): Promise<void> {
    await storeTrustFile(dataDir, [...this.#statements, ...more], random);
    if (dataDir === this.#dataDir) return;
    await copyFile(join(this.#dataDir, 'fleet.key'), join(dataDir, 'fleet.key'));
  }
}
