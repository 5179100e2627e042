// What the mesh is given.
import type { FeedPosition, NodeId, QueueFigure, Random } from '../core/index.ts';
import type { MeshFeeds } from './link-driver.ts';
import type { LinkRulesParts } from './link-rules.ts';
import type { MeshReport } from './mesh-report.ts';
import type { TallyFigures } from './mesh-tally.ts';
import type {
  ChooseNeighbours,
  EnrolReply,
  EnrolRequest,
  Membership,
  ShortfallFigure,
  Versions,
} from './protocol/index.ts';
import type { Resolver } from './resolver.ts';
import type { Transport } from './transport/transport.ts';

/** What is known of a peer that a bundle may be made for. */
export interface PeerHoldings {
  readonly nodeId: NodeId;
  readonly name: string;
  /** How far it is known to hold feeds. */
  readonly positions: readonly FeedPosition[];
}

export interface MeshFigures extends TallyFigures {
  /** Links to us whose peer has not proved membership yet. */
  readonly greeting: QueueFigure;
  /** What others are known to hold and this node does not. */
  readonly missing: ShortfallFigure;
}

export interface MeshParts extends LinkRulesParts {
  readonly random: Random;
  readonly transport: Transport;
  /** Looks up the names of peers; where this is left out, names are the transport's affair. */
  readonly resolver?: Resolver | undefined;
  readonly membership: Membership;
  readonly name: string;
  /** What sessions speak; by default what this program does. */
  readonly versions?: Versions | undefined;
  /** Whom to be linked to; by default what keeps a site connected with few links. */
  readonly chooseNeighbours?: ChooseNeighbours | undefined;
  readonly feeds: MeshFeeds;
  /** Answers a stranger with a token; where this is left out strangers are strangers. */
  answerEnrolment?: ((request: EnrolRequest) => Promise<EnrolReply>) | undefined;
  report(report: MeshReport): void;
  /** A link ended: the last that is known of the peer. */
  onHoldings?(holdings: PeerHoldings): void;
}
