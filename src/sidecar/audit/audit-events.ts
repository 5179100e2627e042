// Every event of the audit log, by its stable name. Programs read these: meanings may be worded anew, names may not change.

interface EventFacts {
  readonly name: string;
  readonly meaning: string;
  /** Others cause it as often as they like: alike ones are counted instead of written. */
  readonly counted?: true;
}

export const AUDIT_EVENTS = [
  { name: 'sidecar.started', meaning: 'the sidecar began to serve' },
  { name: 'sidecar.stopped', meaning: 'the sidecar was stopped in order' },
  { name: 'audit.lost', meaning: 'entries could not be written; how many, since when and why' },
  {
    name: 'audit.recovered',
    meaning: 'the last lines were not sealed, as after a crash, and were cut off',
  },
  {
    name: 'audit.damaged',
    meaning: 'the newest file was found changed at the start; it was left and a new one begun',
  },
  {
    name: 'audit.foreign_bytes',
    meaning: 'another process wrote into the newest file while the sidecar ran; it was cut off',
  },
  { name: 'audit.dropped', meaning: 'the oldest file is dropped, because there are too many' },
  { name: 'admin.call', meaning: 'the operator changed something over the API' },
  { name: 'admin.call_failed', meaning: 'the operator tried to change something, with the reason' },
  {
    name: 'api.refused',
    meaning: 'a call was refused for who calls or from where',
    counted: true,
  },
  {
    name: 'mesh.refused',
    meaning: 'somebody dialled and was not let in, with the reason',
    counted: true,
  },
  { name: 'enrolment.token_created', meaning: 'a token of enrolment was made here' },
  { name: 'enrolment.token_approved', meaning: 'a device that waited was let in by an operator' },
  { name: 'enrolment.token_revoked', meaning: 'a token of enrolment was made useless here' },
  { name: 'enrolment.granted', meaning: 'a device was let into the fleet here' },
  {
    name: 'enrolment.refused',
    meaning: 'a request to join was refused here, with the reason',
    counted: true,
  },
  { name: 'enrolment.joined', meaning: 'this sidecar became a member' },
  { name: 'enrolment.renewed', meaning: 'a certificate was renewed' },
  {
    name: 'trust.stated',
    meaning: 'statements of trust were signed or brought here; what is given',
  },
  { name: 'trust.ejected', meaning: 'a member was put out' },
  { name: 'trust.policy', meaning: 'the policy of the fleet was changed' },
  { name: 'trust.root_changed', meaning: 'the root key of the fleet was changed' },
  { name: 'trust.annulled', meaning: 'what an issuer signed was annulled' },
  { name: 'trust.rotated', meaning: 'a node goes on under another key' },
  { name: 'identity.duplicate', meaning: 'a key was found in use twice', counted: true },
  { name: 'command.issued', meaning: 'a command was issued at this sidecar' },
  {
    name: 'command.cancel_requested',
    meaning: 'somebody asked at this sidecar for a command to be cancelled',
  },
  { name: 'command.claimed', meaning: 'an agent of this sidecar took a command' },
  { name: 'command.finished', meaning: 'an agent of this sidecar told how a command ended' },
  {
    name: 'secret.opened',
    meaning: 'a document with sealed values was opened for an agent of this sidecar',
    counted: true,
  },
  { name: 'key.sealed', meaning: 'the key of this node was sealed in another way, or made plain' },
  { name: 'clock.suspect', meaning: 'the own clock is not believed any more, with the reason' },
  { name: 'clock.trusted', meaning: 'the own clock is believed again' },
] as const satisfies readonly EventFacts[];

export type AuditEvent = (typeof AUDIT_EVENTS)[number]['name'];

const COUNTED: ReadonlySet<string> = new Set(
  AUDIT_EVENTS.filter((event) => 'counted' in event).map(({ name }) => name),
);

/** Whether alike entries of the event are counted instead of written. */
export function isCounted(event: AuditEvent): boolean {
  return COUNTED.has(event);
}
