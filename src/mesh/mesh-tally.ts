// What the links of a mesh have done since it began: bytes carried, links lost and why, dials and why. Counted where it happens.
import type { NodeId } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import type { LinkDriver } from './link-driver.ts';
import type { Peer } from './peer.ts';
import { type CloseReason, type Contact, noBytes, type TrafficBytes } from './protocol/index.ts';

/** Why an address is dialled: nobody tried before, the last attempt failed, its link was lost, or it may be a better way. */
export const DIAL_REASONS = ['first', 'failed', 'lost', 'better'] as const;
export type DialReason = (typeof DIAL_REASONS)[number];

export interface ByDirection<Figure> {
  readonly sent: Figure;
  readonly received: Figure;
}

export interface TallyFigures {
  /** Bytes of frames, by what they were for. */
  readonly traffic: ByDirection<TrafficBytes>;
  /** Bytes on the wire, by what kind of link carried them. */
  readonly wire: ByDirection<Readonly<Record<LinkClass, number>>>;
  readonly losses: Readonly<Record<CloseReason, number>>;
  readonly dials: Readonly<Record<DialReason, number>>;
  readonly budgetStalls: number;
}

export class MeshTally {
  readonly #traffic = { sent: noBytes(), received: noBytes() };
  readonly #wire = { sent: noWire(), received: noWire() };
  readonly #losses = noLosses();
  readonly #dials: Record<DialReason, number> = { first: 0, failed: 0, lost: 0, better: 0 };
  #budgetStalls = 0;

  dialled({ attempts, nodeId }: Contact, peerOf: (nodeId: NodeId) => Peer | undefined): void {
    const peer = nodeId === undefined ? undefined : peerOf(nodeId);
    this.#dials[dialReason(attempts, peer)]++;
  }

  /** A link of a member ended, and there is none in its place. */
  lost(why: CloseReason): void {
    this.#losses[why]++;
  }

  /** A link ended, whoever was at its other end. */
  closed(driver: LinkDriver): void {
    add(driver, this.#traffic, this.#wire);
    this.#budgetStalls += driver.traffic.budgetStalls;
  }

  /** With what the links that are open have carried so far. */
  figures(open: Iterable<LinkDriver>): TallyFigures {
    const traffic = { sent: { ...this.#traffic.sent }, received: { ...this.#traffic.received } };
    const wire = { sent: { ...this.#wire.sent }, received: { ...this.#wire.received } };
    let budgetStalls = this.#budgetStalls;
    for (const driver of open) {
      add(driver, traffic, wire);
      budgetStalls += driver.traffic.budgetStalls;
    }
    return { traffic, wire, losses: { ...this.#losses }, dials: { ...this.#dials }, budgetStalls };
  }
}

function dialReason(attempts: number, peer: Peer | undefined): DialReason {
  if (peer?.link !== undefined) return 'better';
  if (attempts > 0) return 'failed';
  return peer?.lostAtWallMs === undefined ? 'first' : 'lost';
}

function add(
  { link, linkClass, traffic }: LinkDriver,
  frames: ByDirection<TrafficBytes>,
  wire: ByDirection<Record<LinkClass, number>>,
): void {
  for (const name of Object.keys(frames.sent) as (keyof TrafficBytes)[]) {
    frames.sent[name] += traffic.sent[name];
    frames.received[name] += traffic.received[name];
  }
  wire.sent[linkClass] += link.bytesSent;
  wire.received[linkClass] += link.bytesReceived;
}

function noWire(): Record<LinkClass, number> {
  return { lan: 0, wan: 0, satellite: 0 };
}

function noLosses(): Record<CloseReason, number> {
  return {
    ...{ stranger: 0, version: 0, protocol: 0, silent: 0, stalled: 0 },
    ...{ surplus: 0, twin: 0, goodbye: 0, ended: 0 },
  };
}
