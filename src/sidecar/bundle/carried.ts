// What a member has for couriers, put together: its bundles, the records of who holds what, and what people are told of that.
import type { Environment, Incarnation, NodeId, Signer } from '../../core/index.ts';
import type { Mesh, MeshFeeds } from '../../mesh/index.ts';
import { Whereabouts } from '../explain/whereabouts.ts';
import type { CommitStore } from '../store/commit-store.ts';
import { Bundles } from './bundles.ts';
import { PeerRecords } from './peer-records.ts';

export interface Carried {
  readonly bundles: Bundles;
  readonly records: PeerRecords;
  readonly whereabouts: Whereabouts;
}

/** What of a member's parts is needed. */
interface CarriedParts {
  readonly environment: Environment;
  readonly name: string;
  readonly signer: Signer;
  readonly fleet: { readonly key: Uint8Array };
  holdsBack?(): string | undefined;
  report(report: { readonly type: 'store-failed'; readonly error: unknown }): void;
}

interface CarriedFrom {
  readonly nodeId: NodeId;
  readonly incarnation: Incarnation;
  readonly feeds: MeshFeeds;
  readonly commits: CommitStore;
  readonly mesh: Mesh;
  /** Once it has failed nothing more may be written. */
  readonly runtime: { readonly failure: Error | undefined };
}

export async function openCarried(
  parts: CarriedParts,
  { nodeId, incarnation, feeds, commits, mesh, runtime }: CarriedFrom,
): Promise<Carried> {
  const { environment, name, signer, fleet } = parts;
  const { clock, timers, crypto: hash } = environment;
  const holdsBack = (): string | undefined => parts.holdsBack?.();
  const records = await PeerRecords.open({
    ...{ commits, clock, timers, hash },
    linked: () => mesh.holdings(),
    holdsBack: () => holdsBack() !== undefined || runtime.failure !== undefined,
    onFailed: (error) => parts.report({ type: 'store-failed', error }),
  });
  const bundles = new Bundles({
    ...{ environment, name, incarnation, signer, fleetSecret: fleet.key, feeds, records },
    peers: () => mesh.peers(),
    holdsBack,
  });
  const whereabouts = new Whereabouts({
    ...{ nodeId, name, commits, records, hash },
    positions: () => feeds.positions(),
    linked: () => mesh.holdings(),
  });
  return { bundles, records, whereabouts };
}
