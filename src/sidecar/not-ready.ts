// Every reason for which a sidecar is not ready: a stable name, by which metrics and alerts know it, and the sentence for people.

export const NOT_READY = {
  store_opening: 'the store is not open yet',
  store_failed: 'the store failed and is being opened again',
  identity_reused: 'the process was rolled back or cloned; it goes on under another incarnation',
  core_fault: 'a fault of the sidecar; it is being started again',
  disk_full: 'the disk is full: nothing is written until there is room',
  given_up: 'the sidecar failed too often',
  stopping: 'the sidecar is stopping',
} as const;

export type NotReady = keyof typeof NOT_READY;

/** The name of a reason by its sentence; `other` for one that is none of them. */
export function nameOfReason(sentence: string): NotReady | 'other' {
  for (const [name, text] of Object.entries(NOT_READY)) {
    if (text === sentence) return name as NotReady;
  }
  return 'other';
}
