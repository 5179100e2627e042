// The change of this node's own key: asked for under the old key, ended under the new one. What the hubs do is in rotation-desk.ts.
//
//   old key: node.key.next ──► wish in renewals/{old} ──mesh──► certificate ──► fleet.trust ──► "restart it"
//   new key: where the old feeds end, in renewals/{new} ──mesh──► a hub puts the old key out
import {
  type Clock,
  type Cut,
  cutKey,
  doubtRotation,
  encodeFollowedCuts,
  formatNodeId,
  type Hash,
  HoldfastError,
  heirsOf,
  keyToRetire,
  type NodeId,
  type TrustSet,
  toHex,
  wishRotation,
} from '../../core/index.ts';
import type { NextKeyPlace } from '../identity/next-key.ts';
import { certifiedKeys, type NodeKey } from '../identity/node-key.ts';
import { StartupError } from '../startup-error.ts';
import type { NodeDocuments } from './node-documents.ts';
import type { EnrolmentReport } from './report.ts';
import { encodeFollows, encodeWish, readFollows } from './rotation-document.ts';
import type { StartChain } from './start-chain.ts';

export interface RotationParts {
  readonly nodeId: NodeId;
  readonly trust: TrustSet;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly documents: Pick<NodeDocuments, 'own' | 'amend'>;
  readonly chain: Pick<StartChain, 'keepFor'>;
  /** What the node takes of the key before this one, by cutKey; written here. */
  readonly ends: Map<NodeId, ReadonlyMap<string, Cut>>;
  /** Absent where the key of the node cannot change. */
  readonly place: NextKeyPlace | undefined;
  report(report: EnrolmentReport): void;
  /** Something was not done, and will be tried again; what is no refusal is a fault of ours. */
  onFault(error: unknown): void;
}

/** How far a change of keys has come. */
export interface RotationState {
  readonly nextKey: NodeId;
  /** The next start goes on with it. */
  readonly isCertified: boolean;
}

export class Rotation {
  readonly #parts: RotationParts;
  #next: NodeId | undefined;
  /** The statements that the next start needs are on the disk. */
  #isKept = false;
  /** Why something of it is not done, for people. */
  #trouble: string | undefined;
  /** What is to be said of the key before this one, until it was written. */
  #follows: { readonly key: NodeId; readonly cuts: readonly Cut[] } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  /**
   * Before there is any link: notes where the feeds of the key before this one end, because whoever has a copy of that key may write on.
   * `cutsOf`: where feeds end as they are held here.
   */
  async prepare(cutsOf: (author: NodeId) => readonly Cut[]): Promise<void> {
    const { trust, nodeId, documents, onFault } = this.#parts;
    const key = keyToRetire(trust.trust, nodeId);
    if (key === undefined) return;
    try {
      const stated = readFollows(await documents.own());
      const isStated = stated?.key === key;
      const cuts = isStated ? stated.cuts : cutsOf(key);
      this.#parts.ends.set(key, new Map(cuts.map((cut) => [cutKey(cut), cut])));
      if (isStated) return;
      this.#follows = { key, cuts };
      await this.#follow();
    } catch (error) {
      onFault(error);
    }
  }

  /** Goes on with what was begun before the last start. */
  start(): void {
    this.#inTurn(async () => {
      const next = await this.#parts.place?.load();
      if (next !== undefined && idOf(next) !== this.#parts.nodeId) await this.#wish(next);
      await this.#check();
    });
  }

  /** Statements came in, or time went by. */
  look(): void {
    this.#inTurn(() => this.#check());
  }

  /** Asks for the next key; for the same one when asked again. Rejects with HoldfastError; then nothing was asked for. */
  ask(): Promise<RotationState> {
    const asked = this.#last.then(() => this.#ask());
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  /** What an operator is to know, one sentence each. */
  warnings(): readonly string[] {
    const { trust, nodeId, hash, clock } = this.#parts;
    const heirs = heirsOf(trust.trust, nodeId).filter(({ key }) => key !== this.#next);
    const old = keyToRetire(trust.trust, nodeId);
    return [
      ...heirs.map(
        ({ key }) =>
          `another key was certified in place of that of this node: ${formatNodeId(key, hash)}. If nobody asked for it here, somebody has a copy of this key: put both out with \`holdfast eject\``,
      ),
      ...(this.#trouble === undefined ? [] : [this.#trouble]),
      ...(this.#next === undefined ? [] : [this.#wordsOf(this.#next, clock.now().wallMs)]),
      ...(old === undefined ? [] : [this.#wordsOfOld(old)]),
    ];
  }

  #wordsOf(next: NodeId, nowMs: number): string {
    const { trust, nodeId } = this.#parts;
    if (this.#isKept) {
      return 'a new key waits for a restart of this sidecar, which then goes on with it';
    }
    const doubt = this.#hasHeir(next) ? undefined : doubtRotation(trust.trust, nodeId, nowMs);
    if (doubt !== undefined) return `the next key of this node gets no certificate: ${doubt}`;
    return 'the next key of this node waits until a hub with the role issuer has certified it';
  }

  #wordsOfOld(old: NodeId): string {
    const { cuts = [] } = this.#follows ?? {};
    const id = formatNodeId(old, this.#parts.hash);
    if (encodeFollowedCuts(cuts) !== undefined) {
      return `the key that this node had before, ${id}, is a member's until a hub with the role issuer hears of the change`;
    }
    return `the key that this node had before, ${id}, wrote more feeds than fit a document; put it out on a hub: \`holdfast eject ${id}\``;
  }

  async #ask(): Promise<RotationState> {
    const { trust, nodeId, clock, place } = this.#parts;
    if (place === undefined) throw refused('this sidecar keeps its key elsewhere');
    let next = await place.load().catch(asRefusal);
    const isAsked = next !== undefined && this.#hasHeir(idOf(next));
    const doubt = isAsked ? undefined : doubtRotation(trust.trust, nodeId, clock.now().wallMs);
    if (doubt !== undefined) throw refused(doubt);
    next ??= await place.loadOrMake().catch(asRefusal);
    await this.#wish(next);
    await this.#check();
    return { nextKey: idOf(next), isCertified: this.#isKept };
  }

  async #wish(next: NodeKey): Promise<void> {
    const { trust, nodeId, documents, report } = this.#parts;
    const keys = certifiedKeys(next);
    const { key } = keys;
    const by = { signer: next.signer, fleetId: trust.fleetId };
    await documents.amend(encodeWish(wishRotation(keys, nodeId, by)));
    if (this.#next === undefined) report({ type: 'rotation-asked', nodeId: key });
    this.#next = key;
  }

  /** Keeps the certificate that came, and says what was not said yet. */
  async #check(): Promise<void> {
    const { chain, report } = this.#parts;
    await this.#follow();
    const next = this.#next;
    if (next === undefined || this.#isKept || !this.#hasHeir(next)) return;
    await chain.keepFor(next);
    this.#isKept = true;
    report({ type: 'rotation-certified', nodeId: next });
  }

  async #follow(): Promise<void> {
    const { documents, report } = this.#parts;
    const follows = this.#follows;
    const cuts = follows && encodeFollowedCuts(follows.cuts);
    if (follows === undefined || cuts === undefined) return;
    await documents.amend(encodeFollows(follows.key, cuts));
    this.#follows = undefined;
    report({ type: 'rotated', nodeId: follows.key });
  }

  #hasHeir(key: NodeId): boolean {
    const { trust, nodeId } = this.#parts;
    return heirsOf(trust.trust, nodeId).some((heir) => heir.key === key);
  }

  #inTurn(act: () => Promise<void>): void {
    this.#last = this.#last.then(act).then(
      () => {
        this.#trouble = undefined;
      },
      (error: unknown) => {
        this.#trouble = `the change of this node's key is held up: ${wordsOf(error)}`;
        // What the disk refuses is told as trouble; the member goes on without it.
        if (!(error instanceof StartupError)) this.#parts.onFault(error);
      },
    );
  }
}

function idOf({ signer }: NodeKey): NodeId {
  return toHex(signer.publicKey);
}

function refused(why: string): HoldfastError {
  return new HoldfastError(
    'ROTATION_REFUSED',
    `This node cannot get another key: ${why}. Nothing was asked for. ${adviceFor(why)}`,
  );
}

function adviceFor(why: string): string {
  if (!why.startsWith('the root key alone')) return '`holdfast status` says how it stands.';
  return 'Let another hub in by a token with an empty data directory, give it the role with `holdfast root grant`, and put this one out.';
}

function asRefusal(error: unknown): never {
  if (error instanceof StartupError) {
    throw new HoldfastError(
      'ROTATION_REFUSED',
      `${error.message} ${error.hint} Nothing was asked for.`,
      { cause: error },
    );
  }
  throw error;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
