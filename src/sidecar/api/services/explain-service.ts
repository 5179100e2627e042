// ExplainService: why something is as it is. Everybody may ask who may read it; an agent asks about its own commands.
import type { ExplainService } from '../../../gen/holdfast/v1/explain_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import {
  fromCommandRow,
  fromDocumentWrite,
  fromExplanation,
  fromFreshness,
  fromGap,
  fromPeerRow,
  type NodeNames,
} from '../convert/index.ts';

export function explainService(
  backend: Pick<Backend, 'submit' | 'explain' | 'mesh'>,
  names: NodeNames,
): UnaryHandlers<typeof ExplainService> {
  return {
    async explainCommand({ id, agent }, caller) {
      const told = await backend.submit('explainCommand', caller, { id, agent });
      const explanation = fromExplanation(await backend.explain.command(told));
      return { command: fromCommandRow(told.command, names), explanation };
    },

    async explainDocument({ collection, id }, caller) {
      const told = await backend.submit('explainDocument', caller, { collection, id });
      const { writes, stored, explanation } = await backend.explain.document(told);
      return {
        deleted: told.deleted,
        freshness: fromFreshness(told.freshness, names),
        writes: writes.map(fromDocumentWrite),
        storedWrites: stored,
        explanation: fromExplanation(explanation),
      };
    },

    async explainPeer({ peer }) {
      const told = await backend.explain.peer(peer);
      const row = backend.mesh
        .peers()
        .find(({ nodeId, address }) => nodeId === told.nodeId && address === told.address);
      return {
        ...(row && { peer: fromPeerRow(row) }),
        ...(told.peerLacks && { peerLacks: fromGap(told.peerLacks) }),
        ...(told.weLack && { weLack: fromGap(told.weLack) }),
        explanation: fromExplanation(told.explanation),
      };
    },
  };
}
