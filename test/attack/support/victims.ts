// A founded fleet of real sidecars to be attacked. The test holds its root key, so that it can make every kind of member at once.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../../src/core/index.ts';
import type { Certificate, Role } from '../../../src/core/trust/index.ts';
import { FleetSecret } from '../../../src/sidecar/identity/fleet-secret.ts';
import { storeTrustFile } from '../../../src/sidecar/identity/trust-file.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import type { Actor } from '../../core/trust/support/fleet.ts';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';
import { Site, type StartOptions, waitFor } from '../../e2e/support/site.ts';
import { FoundedFleet, type KeyHolder, keyHolder } from '../../support/fleet.ts';
import { Mallory, type MalloryOptions } from './mallory.ts';

const { random, clock } = systemEnvironment;
const DAY_MS = 86_400_000;

export class Victims implements AsyncDisposable {
  readonly site = new Site();
  readonly fleet: FoundedFleet;
  readonly secret = new FleetSecret(random.bytes(32));
  readonly hub: KeyHolder;
  readonly #attackers: Mallory[] = [];
  readonly #seeds = new Map<string, Uint8Array>();
  readonly #running: RunningSidecar[] = [];

  constructor(name = 'harbour') {
    this.fleet = new FoundedFleet(name);
    this.hub = this.admit('hub', ['hub', 'issuer', 'agent'], this.fleet.root);
  }

  /** Keys of a name, other ones in each fleet. */
  keys(name: string): KeyHolder {
    const seed = this.#seeds.get(name) ?? random.bytes(32);
    this.#seeds.set(name, seed);
    return keyHolder(name, seed);
  }

  /** Gives somebody a certificate, by the hub where nobody else is named. */
  admit(
    name: string,
    roles: readonly Role[] = ['agent'],
    by: Actor = this.hub,
    details: Partial<Certificate> = {},
  ): KeyHolder {
    const who = this.keys(name);
    const nowMs = clock.now().wallMs;
    const dates = { notBeforeMs: nowMs - DAY_MS, expiresMs: nowMs + 90 * DAY_MS };
    this.fleet.admit(who, roles, by, { ...dates, ...details });
    return who;
  }

  /** Makes the data directory of somebody who was admitted, as `init` and `join` leave it. */
  async settle(who: KeyHolder): Promise<string> {
    const dataDir = this.site.dataDir(who.name);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const seed = this.#seeds.get(who.name);
    if (seed === undefined) throw new Error(`${who.name} has no keys`);
    writeFileSync(join(dataDir, 'node.key'), `${toHex(seed)}\n`, { mode: 0o600 });
    writeFileSync(join(dataDir, 'fleet.key'), `${this.secret.reveal()}\n`, { mode: 0o600 });
    await storeTrustFile(dataDir, this.fleet.founded(who), random);
    return dataDir;
  }

  /** Starts the sidecar of somebody who was admitted. */
  async start(who: KeyHolder, options: StartOptions = {}): Promise<RunningSidecar> {
    await this.settle(who);
    const args = ['--lan-discovery', 'off', '--advertise', 'off', ...(options.args ?? [])];
    const sidecar = await this.site.start(who.name, { ...options, args });
    this.#running.push(sidecar);
    return sidecar;
  }

  /** Somebody with these keys who does what they like. They hold the secret of the fleet unless something else is said. */
  mallory(who: KeyHolder, options: Partial<MalloryOptions> = {}): Mallory {
    const [genesis, ...chain] = this.fleet.founded(who);
    const attacker = new Mallory(who, {
      fleetSecret: this.secret.key,
      fleetId: this.fleet.fleetId,
      chain: genesis === undefined ? [] : chain,
      statements: this.fleet.certificatesOf(who),
      ...options,
    });
    this.#attackers.push(attacker);
    return attacker;
  }

  /** What every row ends with: nobody fell over, nobody reported a fault of its own. */
  faults(): string[] {
    return this.#running.flatMap((sidecar) => [
      ...(sidecar.hasEnded ? [`${sidecar.name} ended`] : []),
      ...sidecar
        .log()
        .filter(({ level }) => level === 'error')
        .map(({ event, message }) => `${sidecar.name}: ${event}: ${message}`),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const attacker of this.#attackers) await attacker[Symbol.asyncDispose]();
    await this.site[Symbol.asyncDispose]();
  }
}

/** Waits until a sidecar refused a link for a reason. */
export async function refusedFor(sidecar: RunningSidecar, reason: RegExp): Promise<void> {
  await waitFor(`${sidecar.name} to refuse for ${reason}`, () =>
    sidecar.log('mesh.peer_refused').some((line) => reason.test(String(line.reason))),
  );
}

/** Waits until a sidecar told of ops that count for nobody, for a reason. */
export async function toldVoid(sidecar: RunningSidecar, reason: RegExp): Promise<void> {
  await waitFor(`${sidecar.name} to tell of a void op, ${reason}`, () =>
    sidecar.log('core.void_ops').some((line) => reason.test(Object.values(line).join(' '))),
  );
}
