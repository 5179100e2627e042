// SecretService: seals values for an agent, and opens them for that agent alone.
import { HoldfastError, type TokenHolder } from '../../../core/index.ts';
import type { SecretService } from '../../../gen/holdfast/v1/secret_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { checkedValue, fromDocumentRow, type NodeNames } from '../convert/index.ts';

export function secretService(
  backend: Pick<Backend, 'secrets' | 'submit'>,
  names: NodeNames,
): UnaryHandlers<typeof SecretService> {
  return {
    // Every caller may: it takes public keys alone, and writes nothing.
    async seal({ agent, collection, id, path, value }) {
      const place = { agent, collection, id, path };
      const { sealed, readers } = backend.secrets.seal(checkedValue(value, 'value'), place);
      return { sealed, readers: [...readers] };
    },

    async open({ collection, id }, caller) {
      const agent = readerOf(caller);
      const row = await backend.submit('get', caller, { collection, id });
      const { value, closed } = backend.secrets.open(row.value, { agent, collection, id });
      return {
        document: fromDocumentRow({ ...row, value }, names),
        closed: closed.map(({ path, why }) => ({ path: [...path], why })),
      };
    },
  };
}

/** An operator who wants the value asks the agent, or has its token file: then it is seen who opened it. */
function readerOf(caller: TokenHolder): string {
  if (caller.scope === 'agent') return caller.agent;
  throw new HoldfastError(
    'SCOPE_MISSING',
    "Sealed values are opened for their agent alone. Nothing was opened; use the agent's token.",
  );
}
