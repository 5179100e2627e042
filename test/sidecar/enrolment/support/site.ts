// A founded fleet on a network in memory, and devices that join it: real data directories, real requests, a clock moved by hand.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LIFE_MS, type Role, toHex, utf8 } from '../../../../src/core/index.ts';
import type { Transport } from '../../../../src/mesh/index.ts';
import { joinFleet } from '../../../../src/sidecar/enrolment/join.ts';
import type { TokenOrder } from '../../../../src/sidecar/enrolment/token-order.ts';
import {
  certifiedKeys,
  deriveNodeKey,
  loadNodeKey,
  type NodeKey,
} from '../../../../src/sidecar/identity/node-key.ts';
import { PLAIN_SEALING } from '../../../../src/sidecar/identity/sealing.ts';
import { loadTrustFile } from '../../../../src/sidecar/identity/trust-file.ts';
import { sodiumCrypto } from '../../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../../src/sidecar/system-environment.ts';
import { type Actor, StatedFleet } from '../../../core/trust/support/fleet.ts';
import { addressOf, type RunningMember, type Start, TestFleet } from '../../support/test-fleet.ts';

const STEP_MS = 100;
/** Of time by hand that anything here may take. */
const PATIENCE_MS = 20 * 60_000;

export function keyOf(name: string): NodeKey {
  return deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
}

export function actorOf(name: string): Actor {
  const { signer } = keyOf(name);
  return { name, signer, key: toHex(signer.publicKey) };
}

/** What a device said and did. */
export interface Joined {
  readonly printed: string;
  readonly progress: readonly string[];
  /** Undefined when it joined. */
  readonly failure: Error | undefined;
}

export class EnrolmentSite implements AsyncDisposable {
  readonly fleet = new TestFleet();
  readonly stated = new StatedFleet();
  readonly directory: string;
  #dials = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<EnrolmentSite> {
    return new EnrolmentSite(await mkdtemp(join(tmpdir(), 'holdfast-enrol-')));
  }

  get nowMs(): number {
    return this.fleet.clock.now().wallMs;
  }

  /** A certificate by a hub or, if it says so, by the root; its life begins now. */
  certificate(name: string, roles: readonly Role[], by: Actor, generation = 1) {
    return this.stated.certify(actorOf(name), roles, by, {
      ...certifiedKeys(keyOf(name)),
      generation,
      notBeforeMs: this.nowMs,
      expiresMs: this.nowMs + LIFE_MS.member,
    });
  }

  /** Starts a member with these statements behind the genesis. */
  start(
    name: string,
    statements: readonly { readonly bytes: Uint8Array }[],
    start: Start = {},
  ): Promise<RunningMember> {
    const founded = [this.stated.genesis, ...statements].map(({ bytes }) => bytes);
    return this.fleet.start(name, { ...start, founded });
  }

  dataDir(device: string): string {
    return join(this.directory, device);
  }

  /** Runs `holdfast join` of a device to its end; `dials` sees every transport that it makes. */
  async join(
    device: string,
    given: Partial<Parameters<typeof joinFleet>[0]>,
    dials: (transport: Transport) => Transport = (transport) => transport,
  ): Promise<Joined> {
    let printed = '';
    const progress: string[] = [];
    const run = joinFleet({
      dataDir: this.dataDir(device),
      dataDirNamed: true,
      sealing: PLAIN_SEALING,
      environment: {
        clock: this.fleet.clock,
        timers: this.fleet.clock,
        random: systemEnvironment.random,
        crypto: sodiumCrypto,
      },
      signal: new AbortController().signal,
      io: {
        read: (file) => readFile(file, 'utf8'),
        print: (text) => {
          printed += text;
        },
        progress: (text) => progress.push(text),
      },
      createTransport: ({ noise }) =>
        dials(this.fleet.network.transport(`${device}-${++this.#dials}:1`, noise.publicKey)),
      ...given,
    });
    const failure = await this.drive(
      run.then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    return { printed, progress, failure };
  }

  /** Moves the clock until something that reads files as well has come to its end. */
  async drive<T>(running: Promise<T>): Promise<T> {
    let isOver = false;
    const mark = (): void => {
      isOver = true;
    };
    running.then(mark, mark);
    for (let ms = 0; !isOver && ms < PATIENCE_MS; ms += STEP_MS) {
      // Files are read in real time.
      for (let turn = 0; turn < 20 && !isOver; turn++) await setImmediate();
      if (!isOver) await this.fleet.clock.advanceSettled(STEP_MS);
    }
    if (!isOver) throw new Error(`not over after ${PATIENCE_MS} ms`);
    return running;
  }

  /** The node id that a device made. */
  async nodeIdOf(device: string): Promise<string> {
    const { signer } = await loadNodeKey(this.dataDir(device), systemEnvironment.random);
    return toHex(signer.publicKey);
  }

  trustFileOf(device: string): Promise<readonly Uint8Array[] | undefined> {
    return loadTrustFile(this.dataDir(device));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** An agent's token for an hour, at the address of a member. */
export function orderOf(name: string, at: string, more: Partial<TokenOrder> = {}): TokenOrder {
  return {
    ...{ name, roles: ['agent'], agents: [], collections: [], ttlMs: 3_600_000, approve: false },
    addresses: [addressOf(at)],
    ...more,
  };
}
