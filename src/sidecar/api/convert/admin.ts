// Holders of tokens as the API writes them.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AccessHolder, TokenHolder } from '../../../core/index.ts';
import { type AccessEntrySchema, AccessScope } from '../../../gen/holdfast/v1/admin_pb.ts';
import type { AccessRow } from '../controls/admin-control.ts';

const SCOPES: Readonly<Record<TokenHolder['scope'], AccessScope>> = {
  admin: AccessScope.ADMIN,
  agent: AccessScope.AGENT,
  read: AccessScope.READ,
  command: AccessScope.COMMAND,
};

export function fromAccessRow({
  holder,
  tokenFile,
}: AccessRow): MessageInitShape<typeof AccessEntrySchema> {
  const scope = fromScope(holder);
  switch (holder.scope) {
    case 'admin':
      return { scope, name: '', tokenFile };
    case 'agent':
      return { scope, name: holder.agent, tokenFile };
    case 'read':
    case 'command':
      return { scope, name: holder.name, tokenFile };
  }
}

export function fromScope({ scope }: TokenHolder): AccessScope {
  return SCOPES[scope];
}

/** The rules of the proto let in no other scope. */
export function toAccessHolder(scope: AccessScope, name: string): AccessHolder {
  return { scope: scope === AccessScope.COMMAND ? 'command' : 'read', name };
}
