// ExplainService of the fake sidecar: one story, about whatever is asked.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  ExplainService,
  ExplanationSchema,
  Holding,
} from '../../src/gen/holdfast/v1/explain_pb.ts';
import { PeerSchema, PeerState } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { FAKE_NOW_MS, freshness, notFound } from './fake-values.ts';

const NODES = [
  ['hub', Holding.HELD, true],
  ['north', Holding.LACKING, true],
  ['edge-a', Holding.LACKING, false],
  ['', Holding.UNSPECIFIED, false],
] as const;

const STORY = create(ExplanationSchema, {
  steps: [
    {
      at: timestampFromMs(FAKE_NOW_MS - 90_000_000),
      who: 'hub/admin',
      what: 'began',
      confirmed: true,
    },
    { at: timestampFromMs(FAKE_NOW_MS - 2_000), who: 'north', what: 'had it', confirmed: true },
    { who: 'edge-a', what: 'may have\u001b[2J it', confirmed: false },
  ],
  holders: NODES.map(([name, holding, linked]) => ({
    ...{ nodeId: `node-of-${name}`, name, holding, linked },
    ...(!linked && { heardAt: timestampFromMs(FAKE_NOW_MS - 180_000) }),
  })),
  waitsFor: ['the way to edge-a', 'a claim'],
  diesAt: timestampFromMs(FAKE_NOW_MS + 600_000),
  advice: ['Look there.'],
});

export function explainRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(ExplainService, {
    explainCommand: (request, { requestHeader }) => {
      sidecar.enter('explainCommand', request, requestHeader);
      const command = sidecar.commands.get(request.id);
      if (command === undefined) throw notFound(`command ${request.id}`);
      return { command, explanation: STORY };
    },
    explainDocument: (request, { requestHeader }) => {
      sidecar.enter('explainDocument', request, requestHeader);
      const write = { author: 'node-a', name: 'hub', incarnation: '0f', lane: 'state', seq: 7n };
      return {
        deleted: request.id === 'gone',
        freshness: freshness('0-abc'),
        writes: [{ ...write, deletes: false }],
        storedWrites: 3,
        explanation: STORY,
      };
    },
    explainPeer: (request, { requestHeader }) => {
      sidecar.enter('explainPeer', request, requestHeader);
      const address = '192.0.2.7:7677';
      const peer = create(PeerSchema, { name: request.peer, address, state: PeerState.WAITING });
      return { peer, peerLacks: { feeds: 2, commits: 7n }, explanation: STORY };
    },
  });
}
