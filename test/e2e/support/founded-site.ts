// A founded fleet of real sidecars: the first hub made by the command line, others with certificates that it signed.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '../../../src/core/index.ts';
import { loadNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { FleetOnDisk } from './admission.ts';
import { Site } from './site.ts';

const { random } = systemEnvironment;
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
    const fleet = await FleetOnDisk.of(hubDir);
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const key = await loadNodeKey(dataDir, random);
    await fleet.settle(dataDir, [fleet.certify(key, name, roles, hub.signer)]);
  }

  /** Runs a verb that asks the sidecar of that data directory. */
  ask(name: string, ...args: string[]) {
    return this.run(...args, '--data-dir', this.dataDir(name));
  }
}
