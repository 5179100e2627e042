// One sidecar on one interface: what it says and when, and whom it hears. Time and packets are given to it. Pure.
import {
  bytesEqual,
  type NodeId,
  type Random,
  type SecretBox,
  type TokenBucket,
  toHex,
} from '../../../core/index.ts';
import { type DecodedPacket, type HeardName, type HeardQuery, hear } from './lan-heard.ts';
import {
  announce,
  ask,
  goodbye,
  hostOf,
  instanceOf,
  type LanName,
  type LanPacket,
  SERVICE,
} from './lan-packet.ts';
import { Neighbours } from './neighbours.ts';
import { type Move, Schedule } from './schedule.ts';
import { type LanIdentity, NONCE_BYTES, openIdentity, sealIdentity } from './sealed-identity.ts';

const LABEL_BYTES = 8;
/** Earlier names of our own that are recognised: packets of theirs may still be under way. */
const KEPT_LABELS = 4;

export interface SpeakerParts {
  readonly random: Random;
  readonly box: SecretBox;
  /** Seals the announcements of the fleet. */
  readonly key: Uint8Array;
  readonly identity: LanIdentity;
  /** IP addresses of this interface at which this sidecar can be dialled; with none it only looks. */
  readonly addresses: readonly string[];
  /** Decryptions, shared by all interfaces. */
  readonly budget: TokenBucket;
}

/** A member that was heard, and whom to look for where. */
export interface HeardMember {
  readonly nodeId: NodeId;
  readonly port: number;
  /** IP addresses it gives for itself. */
  readonly addresses: readonly string[];
}

/** What happened since the start. */
export interface SpeakerCounters {
  /** Packets that concern this service. */
  heard: number;
  /** Own announcements heard back. */
  own: number;
  /** Announcements that are none of this fleet's. */
  strangers: number;
  /** Announcements that were not even decrypted, because too many came. */
  unopened: number;
  announcements: number;
  questions: number;
}

export class Speaker {
  readonly #parts: SpeakerParts;
  readonly #schedule: Schedule;
  readonly #neighbours = new Neighbours();
  readonly #ownLabels: string[] = [];
  readonly counters: SpeakerCounters = {
    ...{ heard: 0, own: 0, strangers: 0, unopened: 0 },
    ...{ announcements: 0, questions: 0 },
  };
  #name: LanName;
  /** Who asked last in our place. More known answers of theirs may follow. */
  #servedBy: string | undefined;

  constructor(parts: SpeakerParts, nowMs: number) {
    this.#parts = parts;
    this.#schedule = new Schedule(this.#announces, () => parts.random.fraction(), nowMs);
    this.#name = this.#newName();
  }

  /** When `due` has something to say next. */
  get nextMs(): number {
    return this.#schedule.nextMs;
  }

  get members(): number {
    return this.#neighbours.members;
  }

  /** What is to be sent by now. */
  due(nowMs: number): LanPacket[] {
    return this.#schedule.due(nowMs).flatMap((move) => this.#carryOut(move, nowMs));
  }

  /** Takes a packet of anybody. Returns the members in it that are new, or were not heard for long. Never throws. */
  hear(packet: DecodedPacket, source: string, nowMs: number): HeardMember[] {
    const heard = hear(packet);
    if (heard === undefined) return [];
    this.counters.heard++;
    if (heard.type === 'response') {
      return heard.names.flatMap((name) => this.#hearName(name, nowMs));
    }
    this.#hearQuery(heard, source, nowMs);
    return [];
  }

  /** Begins anew: links were lost, or the network changed. */
  nudge(nowMs: number): void {
    if (this.#schedule.nudge(nowMs)) this.#neighbours.doubt();
  }

  /** The last words; undefined where nothing was announced. */
  goodbye(): LanPacket | undefined {
    return this.#announces ? goodbye([this.#name.label]) : undefined;
  }

  #hearQuery({ questions, known, truncated }: HeardQuery, source: string, nowMs: number): void {
    const { label } = this.#name;
    const knowsUs = known.has(label);
    if (knowsUs) this.#schedule.knows(source);
    const isOurs = [SERVICE, instanceOf(label), hostOf(label)];
    const isAsked = questions.some((question) => isOurs.includes(question));
    if (isAsked && !knowsUs) this.#schedule.asked(source, truncated, nowMs);
    // Whoever is listed as known does not answer: then the answers serve only those who know it too.
    const others = known.difference(new Set(this.#ownLabels));
    const servesUs = this.#neighbours.knowsAll(others, nowMs);
    if (questions.includes(SERVICE) && servesUs) {
      this.#servedBy = source;
      this.#schedule.askedByAnother(nowMs);
    } else if (questions.length === 0 && !servesUs && this.#servedBy === source) {
      this.#servedBy = undefined;
      this.#schedule.askSoon(nowMs);
    }
  }

  #carryOut(move: Move, nowMs: number): LanPacket[] {
    switch (move) {
      case 'rotate': {
        const before = this.#name.label;
        this.#name = this.#newName();
        return [goodbye([before])];
      }
      case 'announce':
        this.counters.announcements++;
        return [announce(this.#name)];
      case 'ask':
        this.counters.questions++;
        this.#neighbours.expire(nowMs);
        return ask(this.#neighbours.knownAnswers(nowMs));
    }
  }

  get #announces(): boolean {
    return this.#parts.addresses.length > 0;
  }

  #hearName(name: HeardName, nowMs: number): HeardMember[] {
    const { label, ttlS, sealed, addresses } = name;
    if (this.#ownLabels.includes(label)) {
      this.counters.own++;
      return [];
    }
    if (ttlS === 0) {
      this.#neighbours.withdraw(label, nowMs);
      return [];
    }
    if (sealed === undefined) return [];
    const text = toHex(sealed);
    let member = this.#neighbours.find(label, text);
    if (member === undefined) {
      if (!this.#parts.budget.take(nowMs)) {
        this.counters.unopened++;
        return [];
      }
      const identity = openIdentity(this.#parts.box, this.#parts.key, label, sealed);
      if (identity !== undefined && this.#isOwn(identity)) {
        this.counters.own++;
        return [];
      }
      member = { label, sealed: text, member: identity };
    }
    if (member.member === undefined) {
      this.counters.strangers++;
      if (this.#neighbours.isMember(label)) return [];
    }
    if (!this.#neighbours.heard(member, ttlS, nowMs) || member.member === undefined) return [];
    const { nodeId, port } = member.member;
    return [{ nodeId, port, addresses }];
  }

  /** Said by this process under a name it has long given up, or by another interface of it. */
  #isOwn({ nodeId, instanceTag }: LanIdentity): boolean {
    const { identity } = this.#parts;
    return nodeId === identity.nodeId && bytesEqual(instanceTag, identity.instanceTag);
  }

  #newName(): LanName {
    const { random, box, key, identity, addresses } = this.#parts;
    const label = toHex(random.bytes(LABEL_BYTES));
    this.#ownLabels.unshift(label);
    this.#ownLabels.splice(KEPT_LABELS);
    const nonce = random.bytes(NONCE_BYTES);
    const sealed = sealIdentity(box, key, nonce, label, identity);
    return { label, sealed, port: identity.port, addresses };
  }
}
