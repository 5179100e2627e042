// Two real sidecars of a founded fleet: a hub that was made by the command line, and an edge whose certificate the test signs itself.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeCertificate,
  Secret,
  signStatement,
  TrustSet,
  toHex,
} from '../../../src/core/index.ts';
import { encodePolicy } from '../../../src/core/trust/index.ts';
import { loadNodeKey, nodeKeyPath, openSeed } from '../../../src/sidecar/identity/node-key.ts';
import { openRootKey } from '../../../src/sidecar/identity/root-key.ts';
import { createSealing, type Sealing } from '../../../src/sidecar/identity/sealing.ts';
import { loadTrustFile, storeTrustFile } from '../../../src/sidecar/identity/trust-file.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { Site } from './site.ts';

const DAY_MS = 86_400_000;
const { random, clock } = systemEnvironment;

export class FoundedSite extends Site {
  readonly rootPassphrase = 'root words that nobody says';
  readonly edgePassphrase = 'edge words that nobody says';

  get rootKeyFile(): string {
    return join(this.directory, 'harbour.root-key');
  }

  get hubSealKey(): string {
    return join(this.directory, 'etc', 'seal.key');
  }

  get edgePassphraseFile(): string {
    return this.write('edge.passphrase', this.edgePassphrase);
  }

  /** A file for its owner alone. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** How the hub, and the edge, are told what opens their keys. */
  get hubSeal(): readonly string[] {
    return ['--seal', `key-file:${this.hubSealKey}`];
  }

  get edgeSeal(): readonly string[] {
    return ['--seal-passphrase-file', this.edgePassphraseFile];
  }

  async found(): Promise<void> {
    const passphraseFile = this.write('root.passphrase', this.rootPassphrase);
    const ended = await this.run(
      ...['init', '--fleet', 'harbour', '--name', 'hub-1', '--data-dir', this.dataDir('hub-1')],
      ...['--root-key', this.rootKeyFile, '--passphrase-file', passphraseFile, ...this.hubSeal],
    );
    assert.equal(ended.code, 0, ended.stderr);
    await this.#admitEdge();
  }

  /** The seed of a node that has one. */
  async seedOf(name: 'hub-1' | 'edge-7'): Promise<Secret<Uint8Array>> {
    const path = nodeKeyPath(this.dataDir(name));
    return openSeed(path, readFileSync(path, 'utf8').trim(), this.#sealingOf(name));
  }

  #sealingOf(name: 'hub-1' | 'edge-7'): Sealing {
    const choice =
      name === 'hub-1'
        ? ({ kind: 'key-file', path: this.hubSealKey } as const)
        : ({ kind: 'passphrase' } as const);
    return createSealing({
      ...{ choice, random, whenAuto: 'sealed', passphraseFile: this.edgePassphraseFile },
      places: { keyFile: join(this.directory, 'nowhere'), credentialsDir: undefined },
      askSecret: () => assert.fail('asked for a secret'),
    });
  }

  async #admitEdge(): Promise<void> {
    const [hub, edge] = [this.dataDir('hub-1'), this.dataDir('edge-7')];
    mkdirSync(edge, { mode: 0o700 });
    copyFileSync(join(hub, 'fleet.key'), join(edge, 'fleet.key'));
    const key = await loadNodeKey(edge, random, this.#sealingOf('edge-7'));
    const given = (await loadTrustFile(hub)) ?? assert.fail('the hub was not founded');
    const trust = TrustSet.found(given[0] ?? assert.fail('no genesis'), sodiumCrypto);
    if (typeof trust === 'string') assert.fail(trust);
    const signer = await openRootKey(this.rootKeyFile, new Secret(this.rootPassphrase));
    const by = { fleetId: trust.fleetId, signer, hash: sodiumCrypto };
    const { wallMs: nowMs } = clock.now();
    const certificate = encodeCertificate({
      key: toHex(key.signer.publicKey),
      noiseKey: toHex(key.noise.publicKey),
      sealingKey: toHex(key.sealing.publicKey),
      ...{ name: 'edge-7', roles: new Set(['agent']), agents: ['edge-7'], collections: [] },
      ...{ ejectsPrefix: '', generation: 1, tokenId: new Uint8Array(0) },
      ...{ notBeforeMs: nowMs, expiresMs: nowMs + 90 * DAY_MS },
    });
    const writers = new Set(['hub'] as const);
    const policy = encodePolicy({
      ...{ generation: 1, madeAtMs: nowMs },
      declarations: [{ collection: 'config', class: 'shared', writers }],
    });
    const more = [
      signStatement('certificate', certificate, by).bytes,
      signStatement('policy', policy, by).bytes,
    ];
    await storeTrustFile(hub, [...given, ...more], random);
    await storeTrustFile(edge, [...given, ...more], random);
  }
}
