// The mailbox of a member. For devices that cannot reach their hub it carries requests there, in a document of its own that replicates like
// any other; as a hub it answers those that are for it, in the same document.
//
//   device ──link──► member: letter in mailbox/{member} ──mesh──► hub: answer in mailbox/{hub} ──mesh──► member ──link──► device
import type { Clock, Hash, NodeId, QueueFigure, Timers, TrustSet } from '../../core/index.ts';
import type { EnrolReply, EnrolRequest } from '../../mesh/index.ts';
import {
  answerSize,
  encodeMailbox,
  type Letter,
  type LetterId,
  letterIdOf,
  MAX_ANSWERS,
  MAX_ANSWERS_CHARACTERS,
  MAX_LETTERS,
  readMailbox,
} from './letters.ts';
import { NodeDocuments, type NodeDocumentsParts } from './node-documents.ts';
import { busyReply, carriedReply, refusedReply } from './replies.ts';

export const MAILBOX = 'mailbox';
/** A letter is carried for so long after its device asked for the last time. */
const LETTER_LIFE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;

export interface MailboxParts
  extends Pick<NodeDocumentsParts, 'nodeId' | 'timers' | 'request' | 'onChange'> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hash: Hash;
  readonly trust: TrustSet;
  /** What this node answers as a hub. Rejects where the store fails. */
  answer(sealed: Uint8Array): Promise<EnrolReply>;
  /** Something was not done, and will be tried again; what is no refusal is a fault of ours. */
  onFault(error: unknown): void;
}

export class Mailbox {
  readonly #parts: MailboxParts;
  readonly #documents: NodeDocuments;
  /** Of others, for hubs. */
  readonly #letters = new Map<LetterId, Letter>();
  #turnedAway = 0;
  /** When each was asked for last, by the monotonic clock. */
  readonly #askedAtMs = new Map<LetterId, number>();
  #answers = new Map<LetterId, EnrolReply>();
  #last: Promise<void> = Promise.resolve();
  #isRead = false;
  #isClosed = false;
  #cancelSweep: () => void = () => {};

  constructor(parts: MailboxParts) {
    this.#parts = parts;
    this.#documents = new NodeDocuments({
      ...parts,
      collection: MAILBOX,
      onRead: () => this.settle(),
    });
  }

  start(): void {
    this.#documents.start();
    this.#sweep();
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#documents.close();
    this.#cancelSweep();
  }

  /** Requests that it carries for devices. */
  get figure(): QueueFigure {
    return { depth: this.#letters.size, capacity: MAX_LETTERS, drops: this.#turnedAway };
  }

  /** A device asks: the answer if it is here, otherwise its request is passed on. */
  async post({ hub, sealed }: EnrolRequest): Promise<EnrolReply> {
    const { hash, clock, trust } = this.#parts;
    const member = trust.trust.members.get(hub);
    if (member?.ejected !== undefined || member?.roles.has('issuer') !== true) {
      return refusedReply('WRONG_HUB', 'no hub of this fleet gave the token');
    }
    const id = letterIdOf(sealed, hash);
    const answer = this.#answerOf(hub, id);
    if (answer?.state === 'refused') {
      // Whoever asks again after that begins anew.
      if (this.#letters.delete(id)) this.settle();
      return answer;
    }
    if (answer?.state === 'granted') return answer;
    const isCarried = this.#letters.has(id);
    if (!isCarried && this.#letters.size >= MAX_LETTERS && !this.#dropAnswered()) {
      this.#turnedAway++;
      return busyReply('it passes on requests of others');
    }
    this.#askedAtMs.set(id, clock.now().monotonicMs);
    if (!isCarried) {
      this.#letters.set(id, { to: hub, sealed });
      this.settle();
    }
    return answer ?? carriedReply();
  }

  #answerOf(hub: NodeId, id: LetterId): EnrolReply | undefined {
    const value = this.#documents.others.get(hub);
    return value && readMailbox(value).answers.get(id);
  }

  /** Makes room for one letter: whoever did not fetch the answer yet is answered alike when it asks again. */
  #dropAnswered(): boolean {
    for (const [id, { to }] of this.#letters) {
      const state = this.#answerOf(to, id)?.state;
      if (state === 'granted' || state === 'refused') return this.#letters.delete(id);
    }
    return false;
  }

  /** Answers what others carry for this node, and writes what it has to say. */
  settle(): void {
    this.#last = this.#last
      .then(() => this.#settleNow())
      .catch((error: unknown) => this.#parts.onFault(error));
  }

  async #settleNow(): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#isRead) await this.#readOwn();
    await this.#answerAll();
    await this.#documents.write(encodeMailbox({ letters: this.#letters, answers: this.#answers }));
  }

  /** What it carried before its last start. */
  async #readOwn(): Promise<void> {
    const { letters, answers } = readMailbox(await this.#documents.own());
    const nowMs = this.#parts.clock.now().monotonicMs;
    for (const [id, letter] of letters) {
      if (this.#letters.size >= MAX_LETTERS || this.#letters.has(id)) continue;
      this.#letters.set(id, letter);
      this.#askedAtMs.set(id, nowMs);
    }
    this.#answers = new Map(answers);
    this.#isRead = true;
  }

  /** An answer stays as long as somebody carries the letter. What was decided is not decided again. */
  async #answerAll(): Promise<void> {
    const letters = lettersTo(this.#parts.nodeId, this.#documents);
    const answers = new Map<LetterId, EnrolReply>();
    let size = 0;
    for (const [id, { sealed }] of letters) {
      if (answers.size >= MAX_ANSWERS) break;
      const before = this.#answers.get(id);
      const isDecided = before !== undefined && before.state !== 'waiting';
      const answer = isDecided ? before : await this.#parts.answer(sealed);
      size += answerSize(answer);
      if (size > MAX_ANSWERS_CHARACTERS) break;
      answers.set(id, answer);
    }
    this.#answers = answers;
  }

  #sweep(): void {
    this.#cancelSweep = this.#parts.timers.after(SWEEP_MS, () => {
      const nowMs = this.#parts.clock.now().monotonicMs;
      for (const [id, askedAtMs] of this.#askedAtMs) {
        if (nowMs - askedAtMs < LETTER_LIFE_MS) continue;
        this.#askedAtMs.delete(id);
        this.#letters.delete(id);
      }
      this.settle();
      this.#sweep();
    });
  }
}

function lettersTo(self: NodeId, { others }: NodeDocuments): Map<LetterId, Letter> {
  const letters = [...others.values()].flatMap((value) => [...readMailbox(value).letters]);
  return new Map(letters.filter(([, { to }]) => to === self));
}
