// What the exit code of holdfast says. Scripts rely on these numbers: they never change their meaning.

export const EXIT = {
  ok: 0,
  /** It was tried and did not work, or a command ended otherwise than well. */
  failed: 1,
  /** The command line, or what it was given, is wrong; nothing was tried. */
  usage: 2,
  /** The token is missing, wrong, or not allowed to do this. */
  denied: 3,
  /** There is no such thing, or it is another than expected. */
  notFoundOrConflict: 4,
  /** No sidecar answers. */
  unreachable: 5,
  /** The waiting took too long; what was waited for goes on. */
  timedOut: 6,
  /** Ctrl-C. What shells expect: 128 and the number of the signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
