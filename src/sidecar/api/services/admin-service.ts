// AdminService: who may call, and what is the matter with this sidecar. For the operator alone.
import type { AdminService } from '../../../gen/holdfast/v1/admin_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { CallLedger } from '../calls/call-ledger.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromAccessRow, fromScope, toAccessHolder } from '../convert/index.ts';

export function adminService(
  { admin }: Pick<Backend, 'admin'>,
  ledger: CallLedger,
): UnaryHandlers<typeof AdminService> {
  /** Streams of withdrawn tokens end, also where the withdrawing did not end well. */
  const withdrawn = (): void => ledger.keepOnly(admin.listAccess().map(({ holder }) => holder));
  return {
    async addAgent({ name }, caller) {
      requireAdmin(caller, 'add agents');
      return admin.addAgent(name);
    },

    async removeAgent({ name }, caller) {
      requireAdmin(caller, 'remove agents');
      await admin.removeAgent(name).finally(withdrawn);
      return {};
    },

    async addAccess({ scope, name }, caller) {
      requireAdmin(caller, 'make tokens');
      return { tokenFile: await admin.addAccess(toAccessHolder(scope, name)) };
    },

    async listAccess(_request, caller) {
      requireAdmin(caller, 'see who has a token');
      return { entries: admin.listAccess().map(fromAccessRow) };
    },

    async removeAccess({ name }, caller) {
      requireAdmin(caller, 'withdraw tokens');
      return { scope: fromScope(await admin.removeAccess(name).finally(withdrawn)) };
    },

    async diagnose(_request, caller) {
      requireAdmin(caller, 'diagnose the sidecar');
      const { report, log } = await admin.diagnose();
      return { report, log: [...log] };
    },
  };
}
