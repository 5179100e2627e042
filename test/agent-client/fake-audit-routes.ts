// AuditService of the fake sidecar: rows that a test puts there.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import { type AuditRowSchema, AuditService } from '../../src/gen/holdfast/v1/audit_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

export type FakeAuditRow = MessageInitShape<typeof AuditRowSchema>;

export function auditRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(AuditService, {
    async *readAudit(request, { requestHeader }) {
      sidecar.enter('readAudit', request, requestHeader);
      const { last, whole } = request;
      const rows = sidecar.audit.filter(({ seq = 0n }) => whole || seq > 0n);
      yield { rows: last === 0 ? rows : rows.slice(-last) };
    },
  });
}
