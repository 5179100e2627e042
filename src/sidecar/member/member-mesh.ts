// The mesh of a member: who it is there, what it is given, and who hears of its links.
import type { Environment, Signer, TrustSet } from '../../core/index.ts';
import {
  type LinkBudgets,
  type LinkClassRule,
  Mesh,
  type MeshFeeds,
  type MeshReport,
  type PeerHoldings,
  type QuietSpan,
  type Resolver,
  type Transport,
} from '../../mesh/index.ts';
import type { Enrolment } from '../enrolment/enrolment.ts';
import type { Finder } from '../links/finder.ts';
import type { BelievedTime } from '../trust/believed-time.ts';
import { certifiedBy } from '../trust/member-trust.ts';

interface Parts {
  readonly environment: Environment;
  readonly transport: Transport;
  readonly name: string;
  readonly signer: Signer;
  readonly fleet: { readonly key: Uint8Array };
  readonly budgets?: LinkBudgets;
  readonly linkClasses?: readonly LinkClassRule[];
  readonly quietHours?: readonly QuietSpan[];
  readonly resolver?: Resolver | undefined;
  report(report: MeshReport): void;
}

export function createMesh(
  parts: Parts,
  {
    nodeId,
    bootId,
    time,
    trust,
    feeds,
    finder,
    enrolment,
    onHoldings,
    onLinks,
  }: {
    readonly nodeId: string;
    readonly bootId: string;
    readonly time: () => BelievedTime;
    readonly trust: TrustSet | undefined;
    readonly feeds: MeshFeeds;
    readonly finder: Finder;
    readonly enrolment: Enrolment | undefined;
    onHoldings(holdings: PeerHoldings): void;
    /** So many members are linked from now on. */
    onLinks(links: number): void;
  },
): Mesh {
  const { environment, transport, name, budgets, quietHours, resolver, signer } = parts;
  const { clock, timers, random, crypto } = environment;
  const certified = trust && certifiedBy(trust, nodeId, time);
  const mesh: Mesh = new Mesh({
    ...{ clock, timers, random, feeds, transport, name, budgets, quietHours, resolver },
    classes: parts.linkClasses,
    membership: { nodeId, bootId, fleetSecret: parts.fleet.key, signer, crypto, certified },
    answerEnrolment: enrolment && ((request) => enrolment.answer(request)),
    report: (report) => {
      parts.report(report);
      if (report.type === 'link-up' || report.type === 'link-down') onLinks(linksOf(mesh));
      if (report.type === 'link-down' && linksOf(mesh) === 0) finder.nudge();
      if (report.type === 'quiet' || report.type === 'quiet-over') finder.look();
    },
    onHoldings,
  });
  return mesh;
}

function linksOf(mesh: Mesh): number {
  return mesh.peers().filter(({ state }) => state === 'connected').length;
}
