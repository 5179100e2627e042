// What only a diagnosis tells of a member: its certificate as it is now, and what it makes of clocks.
import type { Certificate, ClockView } from '../../core/index.ts';

export interface MemberInsight {
  /** The newest; undefined in an open fleet. */
  readonly certificate: Certificate | undefined;
  readonly clock: ClockView;
}
