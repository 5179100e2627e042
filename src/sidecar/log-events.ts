// Every event a sidecar logs, by its stable name. Operators filter and alert on these; messages may change, names may not.

export const LOG_EVENTS = [
  { name: 'sidecar.started', meaning: 'the sidecar serves its API and its mesh' },
  { name: 'sidecar.stopping', meaning: 'the sidecar was told to stop and finishes what it has' },
  { name: 'sidecar.stopped', meaning: 'everything is on disk and closed' },
  { name: 'sidecar.failed', meaning: 'the sidecar cannot go on and exits' },
  { name: 'sidecar.not_ready', meaning: 'the sidecar is not ready, for the reason that is given' },
  { name: 'sidecar.not_ready_over', meaning: 'a reason for not being ready is over' },
  { name: 'api.listening', meaning: 'the API accepts calls at this address' },
  { name: 'api.request_failed', meaning: 'a call failed through a fault of the sidecar' },
  { name: 'access.given', meaning: 'an operator let somebody call, who is named' },
  { name: 'access.withdrawn', meaning: 'an operator withdrew a token; whose is named' },
  { name: 'mesh.listening', meaning: 'other sidecars can dial this address' },
  { name: 'mesh.link_up', meaning: 'a link to a peer is up and trusted' },
  { name: 'mesh.link_down', meaning: 'a link to a peer ended' },
  { name: 'mesh.peer_refused', meaning: 'someone dialled and was not let in' },
  { name: 'mesh.dial_failed', meaning: 'a peer could not be reached' },
  { name: 'mesh.version_mismatch', meaning: 'a peer speaks another version of the protocol' },
  {
    name: 'mesh.contact_given_up',
    meaning: 'an address that was found, and not configured, is not tried any more',
  },
  {
    name: 'mesh.contact_corrected',
    meaning: 'another member is at an address than was said; the link to it is kept',
  },
  {
    name: 'network.changed',
    meaning: 'the addresses of this machine changed; peers are tried again',
  },
  {
    name: 'mesh.addresses_stated',
    meaning: 'other members were told at which addresses they can dial this sidecar',
  },
  {
    name: 'mesh.statement_ignored',
    meaning: 'a member states addresses that cannot be used; the others of its addresses are',
  },
  {
    name: 'mesh.feed_held',
    meaning: 'commits of a peer are not taken for now and asked for again',
  },
  { name: 'mesh.read_failed', meaning: 'commits could not be read to send them' },
  { name: 'dht.opened', meaning: 'this sidecar takes part in a DHT from now on' },
  { name: 'dht.answering', meaning: 'the DHT answers' },
  { name: 'dht.silent', meaning: 'no node of the DHT answers; links that are up go on' },
  { name: 'dht.trouble', meaning: 'something of the DHT failed and is tried again' },
  { name: 'mesh.paused', meaning: 'an operator paused the mesh' },
  { name: 'mesh.resumed', meaning: 'an operator ended the pause' },
  { name: 'mesh.quiet_hours', meaning: 'links of a class are silent from now on' },
  { name: 'mesh.quiet_hours_over', meaning: 'links of a class may speak again' },
  { name: 'mesh.receive_only', meaning: 'the sidecar takes what comes and sends no commits' },
  { name: 'mesh.receive_only_over', meaning: 'the sidecar sends again' },
  { name: 'discovery.started', meaning: 'members are looked for; the way is given' },
  {
    name: 'discovery.trouble',
    meaning: 'members cannot be looked for in one way, with the reason; it is tried on',
  },
  { name: 'store.opened', meaning: 'the data directory was opened and read' },
  {
    name: 'store.views_rebuilt',
    meaning: 'views were lost or damaged and were rebuilt from commits',
  },
  {
    name: 'core.request_fault',
    meaning: 'a call failed through a fault of the core; the stack is given',
  },
  { name: 'clock.suspect', meaning: 'the own clock is not believed; no command is started' },
  { name: 'clock.trusted', meaning: 'the own clock is believed again' },
  { name: 'core.void_ops', meaning: 'a commit holds ops that count for nobody, with the reason' },
  {
    name: 'core.fork',
    meaning:
      'an author wrote two different commits at one place; all it wrote in that feed is void',
  },
  {
    name: 'trust.ejected',
    meaning: 'a member was put out: what it wrote counts up to where the ejection says',
  },
  { name: 'trust.rotated', meaning: 'a node that was put out goes on under another key' },
  { name: 'trust.policy', meaning: 'another policy of the fleet is in force' },
  { name: 'trust.root_changed', meaning: 'the fleet has another root key' },
  { name: 'trust.annulled', meaning: 'what somebody signed was annulled by the root' },
  { name: 'trust.delegated', meaning: 'a hub lets a member issue commands for a while' },
  { name: 'trust.delegation_revoked', meaning: 'what a hub lent to a member was taken back' },
  {
    name: 'trust.delegation_used',
    meaning: 'a command was issued here under a delegation, or begun for an agent here',
  },
  { name: 'trust.stated', meaning: 'an operator signed statements of trust here; what is given' },
  { name: 'enrolment.token_created', meaning: 'an operator made a token that lets one device in' },
  { name: 'enrolment.token_approved', meaning: 'an operator let a device in that waited' },
  { name: 'enrolment.token_revoked', meaning: 'an operator made a token void' },
  {
    name: 'enrolment.waiting',
    meaning: 'a device waits with a token until an operator has compared its code',
  },
  { name: 'enrolment.granted', meaning: 'a device has joined the fleet with a token' },
  {
    name: 'enrolment.refused',
    meaning:
      'a request to be let in was refused, with the reason; TOKEN_SPENT means that somebody has a copy of a token',
  },
  {
    name: 'enrolment.certificate_issued',
    meaning: 'this hub gave a member its next certificate',
  },
  { name: 'enrolment.certificate_renewed', meaning: 'this node has a newer certificate' },
  { name: 'rotation.asked', meaning: 'an operator asked for another key of this node' },
  {
    name: 'rotation.certified',
    meaning: 'the next key of this node has its certificate; a restart takes it up',
  },
  { name: 'rotation.done', meaning: 'this node told the fleet that it has another key' },
  { name: 'rotation.granted', meaning: 'this hub certified another key of a member' },
  {
    name: 'rotation.refused',
    meaning: 'a member asked for another key and gets none here, with the reason',
  },
  { name: 'rotation.retired', meaning: 'this hub put the key out that a member had before' },
  {
    name: 'identity.duplicate',
    meaning: 'another process runs with the key of this sidecar; one of them must be stopped',
  },
  {
    name: 'identity.peer_duplicate',
    meaning: 'two processes run with the key of a peer; one of them must be stopped',
  },
  {
    name: 'identity.reused',
    meaning:
      'this process was rolled back or cloned while it ran; it goes on under another incarnation',
  },
  {
    name: 'core.change_refused',
    meaning: 'changes of a document cannot be read; it keeps its last view',
  },
  {
    name: 'core.fault',
    meaning:
      'a fault of the core; the sidecar starts anew inside, at most three times in ten minutes',
  },
  {
    name: 'store.failed',
    meaning: 'the store failed; nothing is acknowledged until it was opened again and checked',
  },
  { name: 'store.reopen_failed', meaning: 'the store could not be opened again; it is tried on' },
  { name: 'store.reopened', meaning: 'the store was opened again and checked' },
  {
    name: 'store.damaged',
    meaning: 'a record of the store is damaged or missing; it is named, with what becomes of it',
  },
  { name: 'monitor.failed', meaning: 'the monitor could not be told; it is tried on' },
  {
    name: 'monitor.refused',
    meaning: 'the monitor refuses what it is told, so somebody has to change something',
  },
  { name: 'monitor.reached', meaning: 'the monitor takes heartbeats again' },
  {
    name: 'watcher.failed',
    meaning:
      'a watched agent could not be asked, or what it says not be written, with the reason; it is tried on',
  },
  { name: 'watcher.works', meaning: 'a watched agent answers again, and what it says is written' },
  {
    name: 'watcher.not_needed',
    meaning: 'a watched agent calls this sidecar itself and is not asked meanwhile',
  },
  { name: 'disk.full', meaning: 'the disk is nearly full; nothing is written until there is room' },
  { name: 'disk.roomy', meaning: 'there is room on the disk again; writes are taken' },
] as const satisfies readonly { readonly name: string; readonly meaning: string }[];

export type LogEvent = (typeof LOG_EVENTS)[number]['name'];
