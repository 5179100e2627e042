// DelegationService of the fake sidecar: what it answers is written by the test, what was asked is kept.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  type DelegationSchema,
  DelegationService,
  DelegationState,
} from '../../src/gen/holdfast/v1/delegation_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

export class FakeDelegations {
  /** The first is what is made and revoked. */
  rows: MessageInitShape<typeof DelegationSchema>[] = [];
}

export function delegationRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const { delegations } = sidecar;
  router.service(DelegationService, {
    createDelegation: (request, { requestHeader }) => {
      sidecar.enter('createDelegation', request, requestHeader);
      return { delegation: { ...delegations.rows[0] } };
    },
    listDelegations: (request, { requestHeader }) => {
      sidecar.enter('listDelegations', request, requestHeader);
      // One a page.
      const at = Number(request.pageToken);
      const next = at + 1 < delegations.rows.length ? String(at + 1) : '';
      return { delegations: delegations.rows.slice(at, at + 1), nextPageToken: next };
    },
    revokeDelegation: ({ reason, ...request }, { requestHeader }) => {
      sidecar.enter('revokeDelegation', { ...request, reason }, requestHeader);
      const state = DelegationState.REVOKED;
      const [one] = delegations.rows;
      return { delegation: { ...one, state, revokedBy: ['hub'], reasons: [reason] } };
    },
  });
}
