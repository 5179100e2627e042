// A site on one LAN in virtual time: members that are told nothing of each other and meet by multicast, as processes do.
import { type NodeId, toHex } from '../src/core/index.ts';
import type { SiteGraph } from '../test/mesh/support/site-graph.ts';
import { VirtualLan } from './virtual-lan.ts';
import { FLEET_SECRET, VirtualMesh, type VirtualNode } from './virtual-mesh.ts';

const MESH_PORT = 7677;
/** One way, through a switch. */
const DELAY_MS = 1;

/** What passed over links, both ways. */
export interface Carried {
  readonly frames: number;
  readonly bytes: number;
}

export class VirtualSite implements AsyncDisposable {
  readonly mesh: VirtualMesh;
  readonly lan: VirtualLan;
  #carried: Carried = { frames: 0, bytes: 0 };
  #joined = 0;
  /** Addresses whose hosts were unplugged. */
  readonly #gone: string[] = [];

  constructor(seed: string) {
    this.mesh = new VirtualMesh({
      ...{ seed, delayMs: DELAY_MS },
      onCarried: (bytes) => {
        const { frames, bytes: before } = this.#carried;
        this.#carried = { frames: frames + 1, bytes: before + bytes };
      },
    });
    this.lan = new VirtualLan(this.mesh.clock, DELAY_MS);
  }

  get nodes(): readonly VirtualNode[] {
    return this.mesh.nodes;
  }

  get carried(): Carried {
    return this.#carried;
  }

  /** Another member starts. */
  async join(): Promise<void> {
    const number = ++this.#joined;
    const host = `10.0.${number >> 8}.${number & 255}`;
    const address = `${host}:${MESH_PORT}`;
    for (const gone of this.#gone) this.mesh.network.cut(address, gone, 'silent');
    await this.mesh.join(`node-${number}`, {
      address,
      finding: (environment, noiseKey) => {
        const network = this.lan.interfaces(host);
        return {
          exchange: { advertised: [], noiseKey: toHex(noiseKey), dht: false, network },
          discoveries: [this.lan.source(host, environment, FLEET_SECRET)],
        };
      },
    });
  }

  /** Ends a member: in order, or by a power cut that nobody is told of. Resolves when it has ended, which takes virtual time. */
  leave(node: VirtualNode, how: 'in order' | 'unplugged'): Promise<void> {
    this.mesh.nodes.splice(this.mesh.nodes.indexOf(node), 1);
    if (how === 'unplugged') this.#unplug(node);
    return node.member.close();
  }

  /** Who is linked to whom: both ends say so. */
  graph(): SiteGraph {
    const linked = new Map<NodeId, Set<NodeId>>();
    for (const { member } of this.nodes) {
      const peers = member.peers().filter(({ state }) => state === 'connected');
      linked.set(member.nodeId, new Set(peers.map(({ nodeId }) => nodeId)));
    }
    const isMutual = (one: NodeId, other: NodeId) => linked.get(other)?.has(one) === true;
    return new Map(
      [...linked].map(([one, others]) => [
        one,
        new Set([...others].filter((other) => isMutual(one, other))),
      ]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
  }

  #unplug({ address }: VirtualNode): void {
    for (const other of this.nodes) this.mesh.network.cut(address, other.address, 'silent');
    for (const other of this.#gone) this.mesh.network.cut(address, other, 'silent');
    this.#gone.push(address);
    this.lan.unplug(address.split(':')[0] ?? '');
  }
}
