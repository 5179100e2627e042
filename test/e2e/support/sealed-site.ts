// Two real sidecars of a founded fleet: a hub that was made by the command line, and an edge whose certificate the test signs itself.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePolicy, Secret } from '../../../src/core/index.ts';
import { loadNodeKey, nodeKeyPath, openSeed } from '../../../src/sidecar/identity/node-key.ts';
import { openRootKey } from '../../../src/sidecar/identity/root-key.ts';
import { createSealing, type Sealing } from '../../../src/sidecar/identity/sealing.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { FleetOnDisk } from './admission.ts';
import { Site } from './site.ts';

const { random, clock } = systemEnvironment;

export class SealedSite extends Site {
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
    const key = await loadNodeKey(edge, random, this.#sealingOf('edge-7'));
    const fleet = await FleetOnDisk.of(hub);
    const root = await openRootKey(this.rootKeyFile, new Secret(this.rootPassphrase));
    const policy = encodePolicy({
      ...{ generation: 1, madeAtMs: clock.now().wallMs },
      declarations: [{ collection: 'config', class: 'shared', writers: new Set(['hub']) }],
    });
    const more = [
      fleet.certify(key, 'edge-7', ['agent'], root),
      fleet.sign('policy', policy, root),
    ];
    for (const dataDir of [hub, edge]) await fleet.settle(dataDir, more);
  }
}
