// AdminService of the fake sidecar.
import type { ConnectRouter } from '@connectrpc/connect';
import { AccessScope, AdminService } from '../../src/gen/holdfast/v1/admin_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { notFound } from './fake-values.ts';

/** It serves the agent edge-a, and grafana may look. */
export function adminRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(AdminService, {
    addAgent: (request, { requestHeader }) => {
      sidecar.enter('addAgent', request, requestHeader);
      return { tokenFile: `/data/tokens/agent-${request.name}`, added: request.name !== 'edge-a' };
    },
    removeAgent: (request, { requestHeader }) => {
      sidecar.enter('removeAgent', request, requestHeader);
      return {};
    },
    addAccess: (request, { requestHeader }) => {
      sidecar.enter('addAccess', request, requestHeader);
      const scope = request.scope === AccessScope.READ ? 'read' : 'command';
      return { tokenFile: `/data/tokens/${scope}-${request.name}` };
    },
    listAccess: (request, { requestHeader }) => {
      sidecar.enter('listAccess', request, requestHeader);
      return {
        entries: [
          { scope: AccessScope.ADMIN, name: '', tokenFile: '/data/tokens/admin' },
          { scope: AccessScope.READ, name: 'grafana', tokenFile: '/data/tokens/read-grafana' },
        ],
      };
    },
    removeAccess: (request, { requestHeader }) => {
      sidecar.enter('removeAccess', request, requestHeader);
      if (request.name !== 'grafana') throw notFound(`access token "${request.name}"`);
      return { scope: AccessScope.READ };
    },
    diagnose: (request, { requestHeader }) => {
      sidecar.enter('diagnose', request, requestHeader);
      return {
        report: { running: true, identity: { name: 'edge-a' } },
        log: ['a line of the log'],
      };
    },
  });
}
