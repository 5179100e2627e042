// How the members of the demo's fleet are let in: by a secret that is copied, or by certificates and tokens.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentClient } from '../agent-client/index.ts';
import { NOTES } from './notes.ts';
import { modulePath, type Processes } from './processes.ts';
import { HUB } from './topology.ts';

/** `open`: everybody who holds the fleet secret is trusted. `founded`: every member has a certificate. */
export type FleetMode = 'open' | 'founded';

const HERE = import.meta.url;
/** Not an import: the command line is started as a user starts it. */
export const CLI = modulePath(new URL('../cli/main.ts', HERE));

/** The member that lets the others in: it runs already. */
export interface Gate {
  readonly dataDir: string;
  readonly meshAddress: string;
  readonly client: AgentClient;
}

export interface AdmissionParts {
  readonly mode: FleetMode;
  /** Where keys and tokens lie that belong to no member. */
  readonly directory: string;
  readonly processes: Processes;
}

export class Admission {
  /** For all processes of the command line. */
  readonly env: Readonly<Record<string, string>>;
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    // Named, so that the configuration of this machine's own sidecar is not taken, and its sealing key not used.
    const configFile = join(parts.directory, 'config.yaml');
    writeFileSync(configFile, '');
    this.env = {
      HOLDFAST_CONFIG: configFile,
      ...(parts.mode === 'founded' && {
        HOLDFAST_SEAL: `key-file:${join(parts.directory, 'keys', 'seal.key')}`,
      }),
    };
  }

  /** Makes the data directory of a member: of the first one where nobody is there to let it in. */
  async admit(name: string, dataDir: string, gate: Gate | undefined): Promise<void> {
    if (this.#parts.mode === 'open') {
      const secret = gate && ['--join-file', join(gate.dataDir, 'fleet.key')];
      return this.#run(`init ${name}`, 'init', '--open', '--data-dir', dataDir, ...(secret ?? []));
    }
    if (gate === undefined) return this.#found(name, dataDir);
    const { token } = await gate.client.createToken({
      ...{ name, roles: name === HUB ? ['hub', 'agent'] : ['agent'] },
      addresses: [gate.meshAddress],
    });
    const tokenFile = this.#keep(`${name}.token`, token);
    await this.#run(`join ${name}`, 'join', '--data-dir', dataDir, '--token-file', tokenFile);
  }

  /** In a founded fleet nobody writes what no policy declares. */
  async declare({ client }: Gate): Promise<void> {
    if (this.#parts.mode === 'open') return;
    await client.trust.setPolicy([
      { collection: NOTES, class: 'shared', writers: ['agent', 'hub'] },
    ]);
  }

  #found(name: string, dataDir: string): Promise<void> {
    const { directory } = this.#parts;
    return this.#run(
      `init ${name}`,
      ...['init', '--fleet', 'demo', '--name', name, '--agent', name, '--data-dir', dataDir],
      ...['--root-key', join(directory, 'keys', 'demo.root-key')],
      ...['--passphrase-file', this.#keep('passphrase', 'nobody keeps the fleet of a demo')],
    );
  }

  /** A file for this user alone. */
  #keep(name: string, text: string): string {
    const path = join(this.#parts.directory, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  }

  #run(name: string, ...args: readonly string[]): Promise<void> {
    return this.#parts.processes.run({ name, module: CLI, args, env: this.env });
  }
}
