// What a node makes of clocks: its own, those that members say, and times that hubs signed.

import type { View } from '../documents/view.ts';
import type { TrustSet } from '../trust/index.ts';
import type { Turn } from '../turn.ts';
import type { Instant } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import { type Hlc, hlcMs } from '../values/time.ts';
import type { ClockWatch } from './clock-watch.ts';

export class ClockDesk {
  readonly #watch: ClockWatch;
  readonly #trust: TrustSet | undefined;
  #told: boolean;

  constructor(watch: ClockWatch, trust: TrustSet | undefined, views: Iterable<View>) {
    this.#watch = watch;
    this.#trust = trust;
    this.#told = false;
    for (const { origin, clock } of views) this.taken(origin, clock);
  }

  get suspect(): string | undefined {
    return this.#watch.suspect;
  }

  /** Whether the moment to go by is neither by the own clock nor by what anybody says. */
  get isGuess(): boolean {
    return this.#watch.isGuess;
  }

  /** The moment to go by. Says in the turn when the own clock is no longer believed, and when it is again. */
  read(now: Instant, turn: Turn): Instant {
    const moment = this.#watch.read(now);
    const { suspect } = this.#watch;
    if ((suspect !== undefined) === this.#told) return moment;
    this.#told = suspect !== undefined;
    if (suspect === undefined) {
      const detail = 'the clock is believed again';
      turn.emit({ type: 'report', event: 'clock.trusted', detail });
    } else {
      turn.emit({ type: 'report', event: 'clock.suspect', detail: `the clock ${suspect}` });
    }
    return moment;
  }

  /** A member that is linked said what its wall clock shows. */
  heard(nodeId: NodeId, wallMs: number, now: Instant): void {
    this.#watch.heard(nodeId, wallMs, now, this.#isHub(nodeId));
  }

  /** Whether a commit is taken although it is far ahead: the own clock is not believed, and a hub says what time it is. */
  believes(author: NodeId, clock: Hlc): boolean {
    return this.#watch.suspect !== undefined && this.#counts(author, clock);
  }

  /** A commit was verified and taken, now or before. */
  taken(author: NodeId, clock: Hlc): void {
    if (this.#counts(author, clock)) this.#watch.signed(hlcMs(clock));
  }

  #isHub(nodeId: NodeId): boolean {
    const member = this.#trust?.trust.members.get(nodeId);
    return member !== undefined && member.ejected === undefined && member.roles.has('hub');
  }

  /** Only within the life of the hub's certificate, so that a hub with a wrong clock takes others no further along. */
  #counts(author: NodeId, clock: Hlc): boolean {
    if (!this.#isHub(author)) return false;
    const ms = hlcMs(clock);
    const certificates = this.#trust?.trust.members.get(author)?.certificates ?? [];
    return certificates.some(
      ({ roles, notBeforeMs, expiresMs }) =>
        roles.has('hub') && ms >= notBeforeMs && ms <= expiresMs,
    );
  }
}
