// Whether what the demo claims held: a line for each check, and the summary at the end. Pure.
import { styleText } from 'node:util';

export interface Check {
  /** A sentence that is true when the check passed. */
  readonly claim: string;
  readonly passed: boolean;
  /** The measured figure, or why it failed. */
  readonly figure: string;
}

/** The mark, the claim and the figure. */
export function formatCheck({ claim, passed, figure }: Check, color: boolean): string {
  const mark = passed ? '✓' : '✗';
  const painted = color
    ? styleText(passed ? 'green' : 'red', mark, { validateStream: false })
    : mark;
  return `${painted} ${claim}${figure === '' ? '' : ` (${figure})`}`;
}

/** Every check again, then one sentence. */
export function formatSummary(checks: readonly Check[], took: string, color: boolean): string[] {
  const failed = checks.filter((check) => !check.passed).length;
  const verdict =
    failed === 0
      ? `All ${checks.length} checks passed in ${took}.`
      : `${failed} of ${checks.length} checks failed after ${took}.`;
  return [...checks.map((check) => `  ${formatCheck(check, color)}`), '', verdict];
}
