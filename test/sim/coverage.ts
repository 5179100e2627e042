// What must have happened at least once in a run of many seeds (invariant 19): a promise that nothing tested is no promise.
//
// Role holders that heal, nodes fenced after a horizon and epochs do not exist in this version.

const MUST_HAPPEN: Readonly<Record<string, string>> = {
  put: 'a write',
  delete: 'a delete',
  patch: 'a write of a shared document',
  heartbeat: 'a heartbeat',
  issueCommand: 'a command',
  claimed: 'a claim',
  'cut-reset': 'a cut that both ends notice',
  'cut-silent': 'a cut that nobody notices',
  stop: 'a stop',
  kill: 'a kill',
  'power-cut': 'a power cut',
  torn: 'a power cut in the middle of writing',
  pause: 'a pause by an operator',
  stall: 'a stalled process',
  'kill-at': 'a kill at a named point',
  flap: 'a flapping path',
  tamper: 'tampered frames',
  leap: 'thirty days apart',
  'command-without-hub': 'a command delivered by a peer while the hub was away',
  'tombstone-collected': 'a tombstone collected',
  'disk-full': 'a full disk',
  'store-damaged': 'a torn or damaged record found',
  'mixed-versions': 'a link between two versions',
  'later-relayed': 'what a later version wrote, kept by all',
  'budget-exhausted': 'a budget used up',
  poison: 'a void or skipped change quarantined',
  'write-after-restore': 'a restored node back under a new incarnation',
  'checkpoint-jump': 'a jump to a checkpoint',
  'refounded-shared': 'a shared document founded anew',
  reissued: 'an own write made again after that',
  pruned: 'commits dropped that a checkpoint replaced',
  'feed-closed': 'a feed closed for good',
  held: 'a feed that was held, and taken later',
  'clock-suspect': 'a clock that was not believed',
  'provider-switched': 'a provider left for another',
  cloned: 'two nodes with one key',
  'malicious-link': 'a malicious member',
  ejected: 'a member put out',
  'ejection-heard': 'somebody who heard of that',
  'ejected-refused': 'somebody who was put out and came back',
  'stranger-refused': 'a stranger refused',
  renew: 'a certificate renewed',
  policy: 'a policy changed',
  capture: 'an issuer captured',
  annul: 'what it signed taken back',
  begun: 'a command begun by an agent that keeps a journal',
  interrupted: 'a command whose agent died',
  'second-attempt': 'a second attempt of an idempotent command',
  'cancel-too-late': 'a cancel that raced a completion',
  'ended-cancelled': 'a command cancelled',
  'ended-superseded': 'a command superseded',
  'ended-timed_out': 'a command that ran for too long',
  'ended-expired': 'a command that expired',
  'ended-unknown': 'a command that nobody knows the end of',
  'presence-ended': 'an agent that fell silent and was called unreachable everywhere',
};

/** What never happened, in words. */
export function missingOf(happened: ReadonlyMap<string, number>): string[] {
  return Object.entries(MUST_HAPPEN)
    .filter(([name]) => !happened.has(name))
    .map(([name, words]) => `${name} (${words})`);
}
