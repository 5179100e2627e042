// What of a sidecar was found amiss since the process started, kept for its status: damage of the store, and sentences for its operator.
import type { NodeId } from '../../core/index.ts';
import type { Damage } from '../store/damage.ts';
import { warningOf } from './identity-warning.ts';
import type { MemberReport } from './member-parts.ts';

/** The log has all of it that is named. */
const MAX_KEPT_DAMAGE = 100;
const MAX_KEPT_WARNINGS = 20;
const MAX_DUPLICATES = 1024;

export class Complaints {
  readonly #damage: Damage[] = [];
  readonly #warnings = new Set<string>();
  readonly #duplicates = new Set<NodeId>();

  /** The newest last. */
  get damage(): readonly Damage[] {
    return this.#damage;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Peers that run twice. */
  get duplicates(): readonly NodeId[] {
    return [...this.#duplicates];
  }

  damaged(damage: readonly Damage[]): void {
    this.#damage.push(...damage);
    this.#damage.splice(0, this.#damage.length - MAX_KEPT_DAMAGE);
  }

  /** Takes what an operator should put right, if that is in a report. */
  hear(report: MemberReport): void {
    if (report.type === 'peer-duplicated' && this.#duplicates.size < MAX_DUPLICATES) {
      this.#duplicates.add(report.nodeId);
    }
    const warning = warningOf(report);
    if (warning === undefined || this.#warnings.size >= MAX_KEPT_WARNINGS) return;
    this.#warnings.add(warning);
  }
}
