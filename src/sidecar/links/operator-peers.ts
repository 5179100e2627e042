// What an operator decides about peers, and keeps across restarts: addresses that were added, who is paused, and whether anything is sent.
import { type Clock, type Crypto, HoldfastError, utf8 } from '../../core/index.ts';
import type { Mesh, PeerView } from '../../mesh/index.ts';
import type { CommitStore } from '../store/commit-store.ts';
import { decodePauses, encodePauses, findPeer, type Pauses } from './pauses.ts';
import { addressOfPeer, formatPeerSpec, type PeerSpec, parsePeerSpec } from './peer-spec.ts';

const PEERS_RECORD = 'peers';
const PAUSES_RECORD = 'pauses';
/** Peers that may be configured, here and by flags. */
const MAX_PEERS = 256;
/** Peers that may be paused one by one. */
const MAX_PAUSED_PEERS = 512;

export interface OperatorPeersParts {
  readonly mesh: Mesh;
  readonly commits: CommitStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** Whether it only receives as long as no operator has said anything. It is not stored. */
  readonly receivesOnly: boolean;
}

export class OperatorPeers {
  readonly #mesh: Mesh;
  readonly #commits: CommitStore;
  readonly #crypto: Crypto;
  readonly #clock: Clock;
  /** By address, as they are written down. */
  readonly #added: Map<string, string>;
  #pauses: Pauses;
  /** Since when it only receives where nobody has said anything. */
  readonly #unsaidSinceMs: number | undefined;

  private constructor(
    { mesh, commits, crypto, clock, receivesOnly }: OperatorPeersParts,
    kept: { added: readonly PeerSpec[]; pauses: Pauses },
  ) {
    this.#mesh = mesh;
    this.#commits = commits;
    this.#crypto = crypto;
    this.#clock = clock;
    this.#unsaidSinceMs = receivesOnly ? clock.now().wallMs : undefined;
    this.#added = new Map(kept.added.map((spec) => [spec.address, formatPeerSpec(spec, crypto)]));
    this.#pauses = kept.pauses;
  }

  /** Reads what was kept. Nothing happens to the mesh yet. Rejects with StoreDamagedError. */
  static async open(parts: OperatorPeersParts): Promise<OperatorPeers> {
    const { commits } = parts;
    const pauses = decodePauses(await commits.readMeta(PAUSES_RECORD));
    return new OperatorPeers(parts, { added: await readPeers(commits), pauses });
  }

  get pauses(): Pauses {
    return this.#pauses;
  }

  /** Milliseconds since 1970 by the own clock; undefined while it sends as well. */
  get receiveOnlySinceMs(): number | undefined {
    const { receiveOnlySinceMs: said } = this.#pauses;
    if (said === undefined) return this.#unsaidSinceMs;
    return said === false ? undefined : said;
  }

  /** Applies the pauses and whether it only receives, then dials the configured peers and those added earlier. Nobody is dialled who is paused. */
  connect(configured: readonly string[]): void {
    for (const [key, name] of this.#pauses.peers) this.#mesh.pausePeer(key, name);
    if (this.#pauses.mesh) this.#mesh.pause();
    this.#mesh.receiveOnly(this.receiveOnlySinceMs !== undefined);
    for (const [source, texts] of [
      ['configured', configured],
      ['added', [...this.#added.values()]],
    ] as const) {
      for (const text of texts) {
        const { address, nodeId } = parsePeerSpec(text, this.#crypto) ?? { address: text };
        this.#mesh.addPeer(address, { source, nodeId });
      }
    }
  }

  /** What is paused from now on, whatever was before. */
  async adopt(pauses: Pauses): Promise<void> {
    this.#pauses = pauses;
    await this.#storePauses();
  }

  async add(text: string): Promise<boolean> {
    const spec = parsePeerSpec(text, this.#crypto);
    if (spec === undefined) {
      throw new HoldfastError(
        'PEER_ADDRESS_INVALID',
        `address: "${text}" is not host:port, with or without a node id and @ before it. Nothing was added; write for example 10.0.0.7:7677 or [fd00::7]:7677.`,
        { field: 'address' },
      );
    }
    const named = this.#mesh.namedAddresses();
    if (named.includes(spec.address)) return false;
    if (named.length >= MAX_PEERS) {
      throw new HoldfastError(
        'LIMIT_REACHED',
        `${MAX_PEERS} peers are configured already. Nothing was added; remove one first.`,
      );
    }
    this.#mesh.addPeer(spec.address, { source: 'added', nodeId: spec.nodeId });
    this.#added.set(spec.address, formatPeerSpec(spec, this.#crypto));
    await this.#storePeers();
    return true;
  }

  async remove(text: string): Promise<void> {
    const address = addressOfPeer(text);
    if (!this.#mesh.removePeer(address)) {
      throw new HoldfastError(
        'NOT_FOUND',
        `address: "${address}" is not a configured peer. Nothing was removed; give an address that was added or configured, as \`holdfast peers\` shows it.`,
        { field: 'address' },
      );
    }
    if (this.#added.delete(address)) await this.#storePeers();
  }

  /** Pauses the mesh, or one peer of it. Returns how many links were closed. */
  async pause(peer: string): Promise<number> {
    if (peer === '') {
      const closed = this.#mesh.pause();
      await this.adopt({ ...this.#pauses, mesh: true });
      return closed;
    }
    const { key, name } = findPeer(peer, this.#mesh.peers(), this.#crypto, 'paused');
    const peers = new Map(this.#pauses.peers);
    if (!peers.has(key) && peers.size >= MAX_PAUSED_PEERS) {
      throw new HoldfastError(
        'LIMIT_REACHED',
        `${MAX_PAUSED_PEERS} peers are paused already. Nothing was paused; pause the whole mesh, or resume some.`,
      );
    }
    const closed = this.#mesh.pausePeer(key, name);
    await this.adopt({ ...this.#pauses, peers: peers.set(key, name) });
    return closed;
  }

  /** Ends the pause of the mesh, or that of one peer: others stay. */
  async resume(peer: string): Promise<void> {
    if (peer === '') {
      this.#mesh.resume();
      await this.adopt({ ...this.#pauses, mesh: false });
      return;
    }
    const paused = this.#mesh.peers().filter((row) => this.#keysOf(row).length > 0);
    const meant = findPeer(peer, paused, this.#crypto, 'resumed');
    const row = paused.find(({ nodeId, address }) => (nodeId || address) === meant.key);
    const peers = new Map(this.#pauses.peers);
    for (const key of row === undefined ? [] : this.#keysOf(row)) {
      this.#mesh.resumePeer(key);
      peers.delete(key);
    }
    await this.adopt({ ...this.#pauses, peers });
  }

  /** False when it is so already. It is stored all the same: only an option may be the reason. */
  async setReceiveOnly(on: boolean): Promise<boolean> {
    const before = this.receiveOnlySinceMs;
    this.#mesh.receiveOnly(on);
    const receiveOnlySinceMs = on && (before ?? this.#clock.now().wallMs);
    await this.adopt({ ...this.#pauses, receiveOnlySinceMs });
    return on !== (before !== undefined);
  }

  /** Under what a row is paused: its node id, or addresses from before it was met. */
  #keysOf({ nodeId, address, contacts }: PeerView): readonly string[] {
    const names = contacts.flatMap((contact) => [contact.address, ...contact.names]);
    return [...new Set([nodeId, address, ...names])].filter((key) => this.#pauses.peers.has(key));
  }

  async #storePeers(): Promise<void> {
    const added = [...this.#added.values()];
    await this.#commits.writeMeta(PEERS_RECORD, utf8(JSON.stringify(added)));
  }

  async #storePauses(): Promise<void> {
    await this.#commits.writeMeta(PAUSES_RECORD, encodePauses(this.#pauses));
  }
}

async function readPeers(commits: CommitStore): Promise<readonly PeerSpec[]> {
  const record = await commits.readMeta(PEERS_RECORD);
  const peers: unknown = record === undefined ? [] : JSON.parse(new TextDecoder().decode(record));
  const texts = Array.isArray(peers) ? peers.filter((peer) => typeof peer === 'string') : [];
  return texts.map((text) => parsePeerSpec(text) ?? { address: text, nodeId: undefined });
}
