// Writes into a virtual mesh.
import { platform } from './documents.ts';
import type { VirtualNode } from './virtual-mesh.ts';

/** A new document; different `n`, different documents. */
export async function put(node: VirtualNode | undefined, n: number): Promise<void> {
  if (node === undefined) throw new RangeError('no such node');
  await node.member.request(
    'put',
    { scope: 'admin' },
    {
      items: [{ collection: 'notes', id: `note-${n}`, value: platform(n) }],
      ack: 'local',
      batch: false,
    },
  );
}
