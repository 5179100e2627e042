// What the mesh sees of a node and its store.
import {
  type EncodedFork,
  encodeForkProof,
  type ForkProof,
  type Node,
  type TrustSet,
} from '../../core/index.ts';
import type { MeshFeeds } from '../../mesh/index.ts';
import type { CommitStore } from '../store/commit-store.ts';
import { StoreDamagedError } from '../store/damage.ts';
import { holdDelivery } from './held-delivery.ts';
import type { Runtime } from './runtime.ts';

interface Surroundings {
  /** Why nothing is taken from peers now; undefined, or absent, while it is. */
  holdsBack?(): string | undefined;
  report(report: { readonly type: 'store-failed'; readonly error: unknown }): void;
}

export function feedsOf(
  parts: Surroundings,
  {
    node,
    runtime,
    commits,
    trust,
  }: { node: Node; runtime: Runtime; commits: CommitStore; trust: TrustSet | undefined },
): MeshFeeds {
  return {
    trust,
    heardClock: (nodeId, wallMs) => runtime.heardClock(nodeId, wallMs),
    heard: () => runtime.heard(),
    deliverStatements: (statements) => runtime.deliverStatements(statements),
    positions: () => node.positions(),
    forks: () => node.forks().map(encodeFork),
    isOver: (feed) => node.isEnded(feed),
    deliverProofs: (proofs) => runtime.deliverProofs(proofs),
    readRun: (feed, firstSeq, maxBytes, withPrevious) =>
      commits.readRun(feed, firstSeq, maxBytes, withPrevious).catch((error: unknown) => {
        if (error instanceof StoreDamagedError) parts.report({ type: 'store-failed', error });
        throw error;
      }),
    deliver: (runs, via) => {
      const reason = parts.holdsBack?.();
      if (reason === undefined) return runtime.deliver(runs, via);
      return Promise.resolve(holdDelivery(runs, node.positions(), reason));
    },
  };
}

export function encodeFork(proof: ForkProof): EncodedFork {
  return { feed: proof.feed, proof: encodeForkProof(proof) };
}
