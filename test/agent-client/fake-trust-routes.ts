// TrustService of the fake sidecar: what it answers is written by the test, what was asked is kept.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  type DeclarationSchema,
  type EjectionSchema,
  type TrustMemberSchema,
  TrustService,
  type VoidOpsSchema,
} from '../../src/gen/holdfast/v1/trust_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

export class FakeTrust {
  members: MessageInitShape<typeof TrustMemberSchema>[] = [];
  ejections: MessageInitShape<typeof EjectionSchema>[] = [];
  declarations: MessageInitShape<typeof DeclarationSchema>[] = [];
  voids: MessageInitShape<typeof VoidOpsSchema>[] = [];
  statements: Uint8Array[] = [];
}

export function trustRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const { trust } = sidecar;
  router.service(TrustService, {
    listMembers: (request, { requestHeader }) => {
      sidecar.enter('listMembers', request, requestHeader);
      return { members: trust.members, fleetName: 'harbour' };
    },
    eject: (request, { requestHeader }) => {
      sidecar.enter('eject', request, requestHeader);
      return { ejections: trust.ejections, done: !request.dryRun };
    },
    getPolicy: (request, { requestHeader }) => {
      sidecar.enter('getPolicy', request, requestHeader);
      const { declarations } = trust;
      return { generation: declarations.length === 0 ? 0n : 3n, declarations };
    },
    setPolicy: (request, { requestHeader }) => {
      sidecar.enter('setPolicy', request, requestHeader);
      const added = request.declarations.map(({ collection }) => collection);
      return { generation: 4n, added, removed: ['old'], done: !request.dryRun };
    },
    state: (request, { requestHeader }) => {
      sidecar.enter('state', request, requestHeader);
      return { added: request.statements.length };
    },
    listStatements: (request, { requestHeader }) => {
      sidecar.enter('listStatements', request, requestHeader);
      // One a page.
      const next = request.from + 1;
      return {
        statements: trust.statements.slice(request.from, next),
        next: next < trust.statements.length ? next : 0,
      };
    },
    listVoids: (request, { requestHeader }) => {
      sidecar.enter('listVoids', request, requestHeader);
      return { voids: trust.voids };
    },
    clearFork: (request, { requestHeader }) => {
      sidecar.enter('clearFork', request, requestHeader);
      return { cleared: request.member === 'hub' };
    },
  });
}
