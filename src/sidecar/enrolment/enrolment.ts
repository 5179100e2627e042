// Enrolment as a part of a member: its desk, its mailbox for others, and the renewal of certificates. A member of an open fleet has none.
import {
  type Caller,
  type Certificate,
  type Cut,
  type Environment,
  HoldfastError,
  type Method,
  type NodeId,
  type RequestOf,
  type ResponseOf,
  type Signer,
  type TrustSet,
} from '../../core/index.ts';
import type { EnrolReply, EnrolRequest } from '../../mesh/index.ts';
import type { NextKeyPlace } from '../identity/next-key.ts';
import { ADDRESSES, isLoopbackAddress, readStatement } from '../links/address-statement.ts';
import { type KeyPair, sodiumSealedBox } from '../sodium-crypto.ts';
import type { Store } from '../store/store.ts';
import type { BelievedTime } from '../trust/believed-time.ts';
import { openTrust } from '../trust/member-trust.ts';
import { EnrolmentDesk } from './desk.ts';
import { Mailbox } from './mailbox.ts';
import { NodeDocuments } from './node-documents.ts';
import { type ReissueParts, regrant } from './reissue.ts';
import { RENEWALS, Renewals } from './renewals.ts';
import { refusedReply } from './replies.ts';
import type { EnrolmentReport } from './report.ts';
import { Rotation, type RotationState } from './rotation.ts';
import { RotationDesk } from './rotation-desk.ts';
import { StartChain } from './start-chain.ts';
import { MAX_ADDRESSES } from './token-order.ts';
import { TokenRecords } from './token-records.ts';

const SIDECAR: Caller = { scope: 'sidecar' };

export interface EnrolmentOptions {
  /** Opens what is sealed for this node. */
  readonly sealing: KeyPair;
  /** Keeps the statements that a start begins with: the genesis, then what leads to the own certificate. */
  keepChain(statements: readonly Uint8Array[]): Promise<void>;
  /** Where the key is that the node is to go on with; absent where it keeps the one it has. */
  readonly nextKey?: NextKeyPlace | undefined;
}

/** What a member has that enrolment needs. */
interface Surroundings {
  readonly environment: Environment;
  readonly store: Store;
  readonly signer: Signer;
  readonly fleet: { readonly key: Uint8Array };
  readonly enrolment?: EnrolmentOptions | undefined;
  /** The genesis, then what leads to the own certificate. */
  readonly founded?: readonly Uint8Array[] | undefined;
  report(
    report: EnrolmentReport | { readonly type: 'store-failed'; readonly error: unknown },
  ): void;
}

interface RuntimeLike {
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>>;
  onChange(listener: () => void): () => void;
  deliverStatements(statements: readonly Uint8Array[]): Promise<unknown>;
}

interface EnrolmentParts {
  readonly around: Surroundings;
  readonly options: EnrolmentOptions;
  readonly trust: TrustSet;
  readonly records: TokenRecords;
  readonly nodeId: string;
  readonly runtime: RuntimeLike;
  /** What the node takes of keys that it had before; filled here. */
  readonly ownEnds: Map<NodeId, ReadonlyMap<string, Cut>>;
  readonly time: () => BelievedTime;
}

/** The tokens in a store; undefined for a member that gives none. */
export async function openTokens(around: Surroundings): Promise<TokenRecords | undefined> {
  const { enrolment: options, store, environment } = around;
  if (options === undefined) return undefined;
  const { crypto } = environment;
  return TokenRecords.open({ store, crypto, box: sodiumSealedBox, sealing: options.sealing });
}

/** Undefined for a member of an open fleet. */
export function createEnrolment(
  around: Surroundings,
  parts: {
    readonly trust: TrustSet | undefined;
    readonly records: TokenRecords | undefined;
    readonly nodeId: string;
    readonly runtime: RuntimeLike;
    readonly ownEnds: Map<NodeId, ReadonlyMap<string, Cut>>;
    readonly time: () => BelievedTime;
  },
): Enrolment | undefined {
  const { enrolment: options } = around;
  const { trust, records } = parts;
  if (options === undefined || trust === undefined || records === undefined) return undefined;
  return new Enrolment({ ...parts, around, options, trust, records });
}

export class Enrolment {
  readonly desk: EnrolmentDesk;
  readonly #parts: EnrolmentParts;
  readonly #issuing: ReissueParts;
  readonly #mailbox: Mailbox;
  readonly #documents: NodeDocuments;
  readonly #renewals: Renewals;
  readonly #rotation: Rotation;
  readonly #rotationDesk: RotationDesk;

  constructor(parts: EnrolmentParts) {
    const { around, options, runtime, trust, records } = parts;
    const { environment, signer, fleet } = around;
    this.#parts = parts;
    this.#issuing = {
      ...{ ...environment, trust, signer },
      state: (statements) => runtime.deliverStatements(statements),
      report: (report) => around.report(report),
    };
    this.desk = new EnrolmentDesk({
      ...{ ...environment, ...this.#issuing, records },
      box: sodiumSealedBox,
      sealing: options.sealing,
      fleetSecret: fleet.key,
      onDecided: () => this.#mailbox.settle(),
    });
    this.#mailbox = new Mailbox({
      ...{ ...environment, ...runtimePorts(runtime), trust, nodeId: parts.nodeId },
      hash: environment.crypto,
      answer: (sealed) => this.#decide(sealed),
      onFault: (error) => this.#fault(error),
    });
    const { nodeId } = parts;
    this.#documents = new NodeDocuments({
      ...{ ...environment, ...runtimePorts(runtime), nodeId, collection: RENEWALS },
      onRead: () => {
        this.#renewals.read();
        this.#rotationDesk.look();
      },
    });
    const chain = new StartChain(trust, nodeId, (statements) => options.keepChain(statements));
    const common = {
      ...{ ...environment, ...this.#issuing, nodeId, documents: this.#documents },
      onFault: (error: unknown) => this.#fault(error),
    };
    this.#renewals = new Renewals({
      ...common,
      time: parts.time,
      keptGeneration: generationIn(around, nodeId),
      keepChain: () => chain.keep(),
      onLook: () => this.#lookAtKeys(),
    });
    this.#rotation = new Rotation({
      ...{
        ...common,
        hash: environment.crypto,
        chain,
        ends: parts.ownEnds,
        place: options.nextKey,
      },
    });
    this.#rotationDesk = new RotationDesk(common);
  }

  /** Before there is any link. `cutsOf`: where the feeds of an author end as they are held here. */
  prepare(cutsOf: (author: NodeId) => readonly Cut[]): Promise<void> {
    return this.#rotation.prepare(cutsOf);
  }

  /** Begins to work for others. */
  start(): void {
    this.#mailbox.start();
    this.#documents.start();
    this.#renewals.start();
    this.#rotation.start();
    this.desk.restate().catch((error: unknown) => this.#failed(error));
  }

  /** A stranger came with a request, for this hub or another one. Rejects where the store fails. */
  answer(request: EnrolRequest): Promise<EnrolReply> {
    const isHere = request.hub === this.#parts.nodeId;
    return isHere ? this.#decide(request.sealed) : this.#mailbox.post(request);
  }

  /** A request that came in a file: for this hub alone. */
  async answerCarried({ hub, sealed }: EnrolRequest): Promise<EnrolReply> {
    if (hub === this.#parts.nodeId) return this.desk.answer(sealed);
    return refusedReply('WRONG_HUB', 'another hub gave the token; carry the request there');
  }

  async #decide(sealed: Uint8Array): Promise<EnrolReply> {
    try {
      return await this.desk.answer(sealed);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Where others can dial this node, as it tells the fleet. `bound`: where it listens; of use on this machine alone if that is all. */
  async ownAddresses(bound: string): Promise<readonly string[]> {
    const { nodeId, runtime } = this.#parts;
    const key = { collection: ADDRESSES, id: nodeId };
    const row = await runtime.request('get', SIDECAR, key).catch(ifMissing);
    const stated = row && readStatement(row.value, { takesLoopback: true }).statement.addresses;
    if (stated !== undefined && stated.length > 0) return stated.slice(0, MAX_ADDRESSES);
    return isLoopbackAddress(bound) ? [bound] : [];
  }

  /** Gives a member its next certificate, with more than it had. Rejects with HoldfastError. */
  regrant(
    name: string,
    more: { readonly agents: readonly string[]; readonly roles: readonly string[] },
  ): Promise<Certificate> {
    return regrant(this.#issuing, name, more);
  }

  /** Asks for another key of this node. Rejects with HoldfastError; then nothing was asked for. */
  rotateKey(): Promise<RotationState> {
    return this.#rotation.ask();
  }

  /** The current certificate of a member. */
  certificateOf(nodeId: NodeId): Certificate | undefined {
    return this.#parts.trust.trust.members.get(nodeId)?.certificates[0];
  }

  /** Statements came in. */
  stated(): void {
    this.#renewals.stated();
    this.#lookAtKeys();
  }

  #lookAtKeys(): void {
    this.#rotation.look();
    this.#rotationDesk.look();
  }

  /** What an operator is to know, one sentence each. */
  warnings(): readonly string[] {
    return [...this.#renewals.warnings(), ...this.#rotation.warnings()];
  }

  /** Idempotent. */
  close(): void {
    this.#mailbox.close();
    this.#documents.close();
    this.#renewals.close();
    this.#rotationDesk.close();
  }

  /** Refusals pass: the disk is full, the member ends. */
  #fault(error: unknown): void {
    if (!(error instanceof HoldfastError)) this.#failed(error);
  }

  #failed(error: unknown): void {
    this.#parts.around.report({ type: 'store-failed', error });
  }
}

/** Of the certificate that a start begins with. */
function generationIn(
  { founded = [], environment: { crypto } }: Surroundings,
  key: NodeId,
): number {
  const [current] = openTrust(founded, [], crypto).trust.members.get(key)?.certificates ?? [];
  return current?.generation ?? 0;
}

function runtimePorts(runtime: RuntimeLike): Pick<RuntimeLike, 'request' | 'onChange'> {
  return {
    request: (method, caller, body) => runtime.request(method, caller, body),
    onChange: (listener) => runtime.onChange(listener),
  };
}

function ifMissing(error: unknown): undefined {
  if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return undefined;
  throw error;
}
