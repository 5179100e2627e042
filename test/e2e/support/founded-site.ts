// A founded fleet of real sidecars: the first hub made by the command line, others with certificates that it signed.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeCertificate,
  LIFE_MS,
  type Role,
  signStatement,
  TrustSet,
  toHex,
} from '../../../src/core/index.ts';
import { loadNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { loadTrustFile, storeTrustFile } from '../../../src/sidecar/identity/trust-file.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { Site } from './site.ts';

const { random, clock } = systemEnvironment;
const PASSPHRASE = 'correct horse battery staple';

export class FoundedSite extends Site {
  readonly rootKey = join(this.directory, 'root-key');
  readonly passphraseFile = join(this.directory, 'passphrase');

  /** Founds the fleet; the hub is called `hub`. */
  async found(): Promise<void> {
    await writeFile(this.passphraseFile, PASSPHRASE, { mode: 0o600 });
    const ended = await this.run(
      ...['init', '--fleet', 'harbour', '--name', 'hub', '--data-dir', this.dataDir('hub')],
      ...['--seal', 'plain'],
      ...this.rootFlags,
    );
    if (ended.code !== 0) throw new Error(`init --fleet: ${ended.stderr}`);
  }

  get rootFlags(): string[] {
    return ['--root-key', this.rootKey, '--passphrase-file', this.passphraseFile];
  }

  /** Makes the data directory of a member that the hub let in. `directory`, if it is not that of its name. */
  async admit(
    name: string,
    roles: readonly Role[] = ['agent'],
    directory: string = name,
  ): Promise<void> {
    const [hubDir, dataDir] = [this.dataDir('hub'), this.dataDir(directory)];
    const hub = await loadNodeKey(hubDir, random);
    const chain = (await loadTrustFile(hubDir)) ?? [];
    const [genesis] = chain;
    const trust = genesis && TrustSet.found(genesis, sodiumCrypto);
    if (trust === undefined || typeof trust === 'string') throw new Error('the hub has no fleet');
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const key = await loadNodeKey(dataDir, random);
    const nowMs = Math.floor(clock.now().wallMs);
    const certificate = encodeCertificate({
      key: toHex(key.signer.publicKey),
      noiseKey: toHex(key.noise.publicKey),
      sealingKey: toHex(key.sealing.publicKey),
      name,
      roles: new Set(roles),
      agents: [name],
      collections: [],
      ejectsPrefix: '',
      generation: 1,
      notBeforeMs: nowMs,
      expiresMs: nowMs + LIFE_MS.member,
      tokenId: new Uint8Array(0),
    });
    const by = { fleetId: trust.fleetId, signer: hub.signer, hash: sodiumCrypto };
    const { bytes } = signStatement('certificate', certificate, by);
    await storeTrustFile(dataDir, [...chain, bytes], random);
    await copyFile(join(hubDir, 'fleet.key'), join(dataDir, 'fleet.key'));
  }

  /** Runs a verb that asks the sidecar of that data directory. */
  ask(name: string, ...args: string[]) {
    return this.run(...args, '--data-dir', this.dataDir(name));
  }
}
