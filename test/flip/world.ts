// A real store with one byte flipped somewhere, and a member that starts on it: what it serves must be true, or be reported.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_CORE_CONFIG, type JsonObject, type Random, utf8 } from '../../src/core/index.ts';
import { until } from '../../src/demo/wait.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { LevelSource } from '../../src/sidecar/level-source.ts';
import { MemberSupervisor } from '../../src/sidecar/member/member-supervisor.ts';
import type { StoreSource } from '../../src/sidecar/member/store-source.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { StartupError } from '../../src/sidecar/startup-error.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { ADMIN, split } from '../support/test-node.ts';

const FLEET_KEY = new Uint8Array(32).fill(7);
const DOCUMENTS = 24;
/** Runs on the store before it is damaged: each later one makes a table of the log of the one before. */
const RUNS = 3;
const WRITES_PER_RUN = 60;
const DEADLINE_MS = 10_000;
/** LevelDB never reads them. */
const IRRELEVANT = /^(?:LOG|LOG\.old|LOCK|HOLDFAST)$/;

export interface FlipResult {
  /** `file+offset`. */
  readonly place: string;
  readonly outcome: 'refused' | 'reported' | 'unharmed';
  /** What was wrong; none if all is as promised. */
  readonly violations: readonly string[];
}

export class FlipWorld {
  readonly #directory = mkdtempSync(join(tmpdir(), 'hf-flip-'));
  readonly #random: Random;
  readonly #network = createMemoryNetwork({
    timers: { ...systemEnvironment.timers, ...systemEnvironment.clock },
    random: createSeededRandom('network'),
    delayMs: 0,
  });
  /** Every value a document ever had, as JSON, in order; the last is what it must have. Deleted is undefined. */
  readonly #history = new Map<string, (string | undefined)[]>();
  #peerStore: MemoryStore = createMemoryStore();
  #flips = 0;

  constructor(seed: string) {
    this.#random = createSeededRandom(seed);
  }

  /** Writes on two linked members, until both hold everything. */
  async build(): Promise<void> {
    const source = new LevelSource(this.#template);
    for (let run = 0; run < RUNS; run++) {
      const peer = await this.#start('peer', this.#peerSource(), []);
      const victim = await this.#start('victim', source, ['peer:7677']);
      for (let n = 0; n < WRITES_PER_RUN; n++) {
        const writer = this.#random.fraction() < 0.7 ? victim : peer;
        await this.#write(writer === victim ? 'victim' : 'peer', writer, run * WRITES_PER_RUN + n);
      }
      await converge(victim, peer);
      await victim.close();
      await peer.close();
    }
  }

  /** Flips one byte of a copy and starts on it; with `heal`, beside a peer that holds everything. */
  async flip(heal: boolean): Promise<FlipResult> {
    const directory = join(this.#directory, `flip-${++this.#flips}`);
    cpSync(this.#template, directory, { recursive: true });
    const place = this.#flipIn(directory);
    const violations: string[] = [];
    try {
      const outcome = await this.#judge(directory, heal, violations);
      return { place, outcome, violations };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #template(): string {
    return join(this.#directory, 'template');
  }

  async #write(owner: string, member: MemberSupervisor, n: number): Promise<void> {
    const id = Math.floor(this.#random.fraction() * DOCUMENTS);
    const key = `notes/${owner}-${id}`;
    const values = this.#history.get(key) ?? [];
    this.#history.set(key, values);
    if (values.at(-1) !== undefined && this.#random.fraction() < 0.15) {
      await member.request('delete', ADMIN, split(key));
      values.push(undefined);
    } else {
      const value: JsonObject = { n, text: `write number ${n} `.repeat(8) };
      const items = [{ ...split(key), value }];
      await member.request('put', ADMIN, { items, ack: 'local', batch: false });
      values.push(JSON.stringify(value));
    }
  }

  #flipIn(directory: string): string {
    const files = readdirSync(directory)
      .filter((name) => !IRRELEVANT.test(name))
      .sort();
    const sizes = files.map((name) => statSync(join(directory, name)).size);
    // A quarter goes into small files, which a fair choice of bytes would never meet.
    const name =
      this.#random.fraction() < 0.25
        ? files[Math.floor(this.#random.fraction() * files.length)]
        : pickBySize(files, sizes, this.#random.fraction());
    const path = join(directory, name ?? '');
    const bytes = readFileSync(path);
    const at = Math.floor(this.#random.fraction() * bytes.length);
    const mask = 1 << Math.floor(this.#random.fraction() * 8);
    if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
    writeFileSync(path, bytes);
    return `${name}+${at}^${mask}`;
  }

  async #judge(
    directory: string,
    heal: boolean,
    violations: string[],
  ): Promise<FlipResult['outcome']> {
    const victim = await this.#start('victim', new LevelSource(directory), []).catch(
      (error: unknown) => error,
    );
    if (!(victim instanceof MemberSupervisor)) {
      if (!(victim instanceof StartupError)) violations.push(`it failed with ${String(victim)}`);
      else if (!victim.message.includes(directory)) violations.push(`it says "${victim.message}"`);
      return 'refused';
    }
    try {
      const missing = await this.#compare(victim, violations);
      const reported = victim.damage.length > 0;
      if (missing.length > 0 && !reported) violations.push(`not reported: ${missing.join(', ')}`);
      // It still takes writes, also of documents that must be loaded from damaged places first.
      for (const key of this.#history.keys()) await touch(victim, key, violations);
      if (!heal) return reported ? 'reported' : 'unharmed';
    } finally {
      await victim.close();
    }
    await this.#heal(directory, violations);
    return 'reported';
  }

  /** With a peer that holds everything, everything comes back. */
  async #heal(directory: string, violations: string[]): Promise<void> {
    // A copy each time: what one flip made the victim write is nothing to the next.
    const copy = this.#peerStore.snapshotWritten();
    const source = { ...this.#peerSource(), open: async () => copy };
    const peer = await this.#start('peer', source, []);
    const victim = await this.#start('victim', new LevelSource(directory), ['peer:7677']);
    try {
      await converge(victim, peer);
      for (const key of this.#history.keys()) {
        const [here, there] = [await read(victim, key), await read(peer, key)];
        if (here !== there) violations.push(`${key} is ${here}, its peer has ${there}`);
      }
    } catch (error) {
      for (const key of this.#history.keys()) {
        const [here, there] = [await read(victim, key), await read(peer, key)];
        if (here !== there) violations.push(`${key} stays ${here}, its peer has ${there}`);
      }
      violations.push(`not healed: ${String(error)}`);
    } finally {
      await victim.close();
      await peer.close();
    }
  }

  /** The documents whose last value is not served. What is served must be a value they had. */
  async #compare(victim: MemberSupervisor, violations: string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const [key, values] of this.#history) {
      const value = await read(victim, key);
      if (value === values.at(-1)) continue;
      missing.push(key);
      if (value !== undefined && !values.includes(value)) violations.push(`${key} is ${value}`);
    }
    return missing;
  }

  #peerSource(): StoreSource {
    return {
      open: async () => {
        this.#peerStore = this.#peerStore.snapshotWritten();
        return this.#peerStore;
      },
      losses: async () => ({ damage: [], unreadable: false }),
      rebuild: async () => {},
    };
  }

  async #start(
    name: string,
    stores: StoreSource,
    peers: readonly string[],
  ): Promise<MemberSupervisor> {
    const key = deriveNodeKey(sodiumCrypto.blake2b(utf8(name)));
    const member = await MemberSupervisor.open({
      environment: systemEnvironment,
      stores,
      createTransport: () => this.#network.transport(`${name}:7677`, key.noise.publicKey),
      name,
      agents: [name],
      signer: key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(FLEET_KEY), key: FLEET_KEY },
      // Few live documents, so that they must be loaded from the store.
      config: { ...DEFAULT_CORE_CONFIG, liveDocuments: 4 },
      peers,
      meshListens: true,
      disk: undefined,
      diskReserveBytes: undefined,
      report: () => {},
      onGivenUp: () => {},
    });
    await member.connect();
    return member;
  }
}

function pickBySize(files: readonly string[], sizes: readonly number[], fraction: number) {
  let rest = fraction * sizes.reduce((sum, size) => sum + size, 0);
  return files.find((_, i) => {
    rest -= sizes[i] ?? 0;
    return rest < 0;
  });
}

/** The document's value as JSON; undefined when there is none. */
async function read(member: MemberSupervisor, key: string): Promise<string | undefined> {
  const row = await member.request('get', ADMIN, split(key)).catch((error: Error) => error);
  if (!(row instanceof Error)) return JSON.stringify(row.value);
  if (!/There is no document|deleted/.test(row.message)) throw row;
  return undefined;
}

/** Patches a document, which loads it. One that is not there is none of our business; a store that failed comes back. */
async function touch(member: MemberSupervisor, key: string, violations: string[]): Promise<void> {
  const options = { deadlineMs: DEADLINE_MS, signal: new AbortController().signal };
  try {
    await until(`a write of ${key}`, options, async () => {
      const done = await member
        .request('patch', ADMIN, { ...split(key), patch: { touched: true }, ack: 'local' })
        .catch((error: Error) => error);
      return !(done instanceof Error) || /There is no document|deleted/.test(done.message);
    });
  } catch (error) {
    violations.push(`${key} cannot be written: ${String(error)}`);
  }
}

async function converge(a: MemberSupervisor, b: MemberSupervisor): Promise<void> {
  const options = { deadlineMs: DEADLINE_MS, signal: new AbortController().signal };
  await until('both to hold the same', options, async () => {
    const hashes = await Promise.all([a, b].map((m) => m.request('summary', ADMIN, {})));
    return hashes[0]?.stateHash === hashes[1]?.stateHash && (hashes[0]?.documents ?? 0) > 0;
  });
}
