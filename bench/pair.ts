// Two of each on loopback with a relay between them: sidecars of ours, and processes of automerge-repo.
import type { AgentClient } from '../src/agent-client/index.ts';
import type { Bench, BenchSidecar } from './processes.ts';
import { Relay } from './relay.ts';
import { RepoPeer } from './repo.ts';
import { seedStore } from './seed-store.ts';

export const PEER_NAME = 'automerge-repo';
/** Who has nothing to say for so long is level. Below our 5 s between pings, which would be counted otherwise. */
const QUIET_MS = 1500;
const AUTHORS = 100;

export interface Measured {
  readonly bytes: number;
  readonly milliseconds: number;
}

/** Documents that automerge-repo is given at once: of thousands at once its event loop is blocked for minutes. */
const PEER_CHUNK = 250;

/** Its event loop is blocked for up to 17 s at 5,000 documents, and then it has still something to say. */
const PEER_QUIET_MS = 20_000;

/** Both do the same two things on the same documents; bytes are those of TCP, times begin with the connection. */
export interface SyncPair extends AsyncDisposable {
  /** An empty replica takes everything; ends when all of it can be read there. */
  initialSync(): Promise<Measured>;
  /** As `initialSync`, in the way that is gentlest to each and without a figure. */
  fill(): Promise<void>;
  /** Both processes start anew on their disks and connect; ends with the last byte either had to say. */
  reconnect(): Promise<Measured>;
}

export async function createOwnPair(
  bench: Bench,
  name: string,
  documents: number,
): Promise<SyncPair> {
  const names = { source: `${name}-source`, replica: `${name}-replica` };
  await seedStore(bench.dataDir(names.source), { authors: AUTHORS, documents });
  const relay = await Relay.open();
  let source = await startSource(bench, names.source, relay);
  let replica: BenchSidecar | undefined;
  const pair: SyncPair = {
    async initialSync() {
      relay.reset();
      replica = await bench.sidecar(names.replica);
      await using client = replica.client();
      const all = untilDocuments(client, documents);
      await client.addPeer(relay.address);
      await all;
      const milliseconds = performance.now() - relay.traffic.connectedAt;
      await relay.quiet(QUIET_MS);
      await assertEqual(source, replica);
      return { bytes: relay.traffic.bytes, milliseconds };
    },
    async fill() {
      await pair.initialSync();
    },
    async reconnect() {
      await replica?.stop();
      await source.stop();
      source = await startSource(bench, names.source, relay);
      relay.reset();
      replica = await bench.sidecar(names.replica);
      await relay.quiet(QUIET_MS);
      await assertEqual(source, replica);
      return measuredSoFar(relay);
    },
    async [Symbol.asyncDispose]() {
      await replica?.stop();
      await source.stop();
      await relay[Symbol.asyncDispose]();
    },
  };
  return pair;
}

export async function createRepoPair(
  bench: Bench,
  name: string,
  documents: number,
): Promise<SyncPair> {
  const paths = { source: bench.path(`${name}-source`), replica: bench.path(`${name}-replica`) };
  const relay = await Relay.open();
  let source = new RepoPeer(paths.source, 'source');
  let replica = new RepoPeer(paths.replica, 'replica');
  const urls: string[] = [];
  relay.targetPort = await source.listen();
  return {
    async initialSync() {
      urls.push(...(await source.create(documents)));
      relay.reset();
      await replica.tell({ do: 'connect', port: relay.port });
      await replica.tell({ do: 'ready', count: documents });
      const milliseconds = performance.now() - relay.traffic.connectedAt;
      await relay.quiet(PEER_QUIET_MS);
      return { bytes: relay.traffic.bytes, milliseconds };
    },
    async fill() {
      await replica.tell({ do: 'connect', port: relay.port });
      while (urls.length < documents) {
        urls.push(...(await source.create(Math.min(PEER_CHUNK, documents - urls.length))));
        await replica.tell({ do: 'ready', count: urls.length });
      }
      await relay.quiet(PEER_QUIET_MS);
    },
    async reconnect() {
      await replica.stop();
      await source.stop();
      source = new RepoPeer(paths.source, 'source');
      replica = new RepoPeer(paths.replica, 'replica');
      // Both have their documents in memory before time begins; ours read their store meanwhile.
      await Promise.all([source, replica].map((peer) => peer.tell({ do: 'open', urls })));
      relay.targetPort = await source.listen();
      relay.reset();
      await replica.tell({ do: 'connect', port: relay.port });
      await relay.quiet(PEER_QUIET_MS);
      return measuredSoFar(relay);
    },
    async [Symbol.asyncDispose]() {
      await replica[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}

async function startSource(bench: Bench, name: string, relay: Relay): Promise<BenchSidecar> {
  const source = await bench.sidecar(name);
  relay.targetPort = Number(source.meshAddress.split(':').at(-1));
  return source;
}

function measuredSoFar({ traffic }: Relay): Measured {
  return { bytes: traffic.bytes, milliseconds: traffic.lastByteAt - traffic.connectedAt };
}

/** Resolves when a watch has shown so many documents: to ask for a count again and again would be work of its own. */
async function untilDocuments(client: AgentClient, count: number): Promise<void> {
  const stop = new AbortController();
  const seen = new Set<string>();
  const events = client.watch({ collections: ['deployments'], signal: stop.signal });
  for await (const event of events) {
    if (event.type === 'put') seen.add(event.document.id);
    if (seen.size >= count) break;
  }
  stop.abort();
}

/** A figure of two that did not become equal would be worth nothing. */
async function assertEqual(...sidecars: readonly BenchSidecar[]): Promise<void> {
  const hashes = new Set<string>();
  for (const sidecar of sidecars) {
    await using client = sidecar.client();
    hashes.add((await client.status()).stateHash);
  }
  if (hashes.size !== 1) throw new Error('the two sidecars are not level after the wire was quiet');
}
