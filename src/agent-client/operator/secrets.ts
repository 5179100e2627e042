// Sealed values: made for an agent by whoever writes documents, opened by the agent alone.
import { fromJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import type { SecretService } from '../../gen/holdfast/v1/secret_pb.ts';
import { call } from '../connection/call.ts';
import { fromDocument } from '../convert.ts';
import type { CallOptions, DocumentRow, JsonObject, JsonValue } from '../types.ts';

/** One place in one document, and who is to read what is there. */
export interface SealedPlace {
  readonly agent: string;
  readonly collection: string;
  readonly id: string;
  /** Keys from the document down to the value. */
  readonly path: readonly string[];
}

export interface SealResult {
  /** To be put at the place that was named. */
  readonly sealed: JsonObject;
  /** Names of the members whose sidecars open it. */
  readonly readers: readonly string[];
}

export interface OpenResult {
  /** Holds secrets: not for logs. */
  readonly document: DocumentRow;
  /** Sealed values that did not open, and why. */
  readonly closed: readonly { readonly path: readonly string[]; readonly why: string }[];
}

/** Errors are HoldfastClientError. */
export interface SecretCalls {
  /**
   * Seals a value for an agent and one place in a document. Nothing is written yet. Fails with NO_SEALING_KEY in an open fleet.
   *
   * @example
   * const place = { agent: 'edge-7', collection: 'config', id: 'edge-7', path: ['wifi'] };
   * const { sealed } = await client.seal('the password', place);
   * await client.patch('config', 'edge-7', { wifi: sealed });
   */
  seal(value: JsonValue, place: SealedPlace, options?: CallOptions): Promise<SealResult>;
  /**
   * A document with the values opened that are sealed for this agent. Needs the agent's token.
   *
   * @example
   * const { document } = await client.open('config', 'edge-7');
   */
  open(collection: string, id: string, options?: CallOptions): Promise<OpenResult>;
}

export function secretCalls(rpc: Client<typeof SecretService>): SecretCalls {
  return {
    seal: (value, place, options) =>
      call(options, async (connect) => {
        const request = { ...place, path: [...place.path], value: fromJson(ValueSchema, value) };
        const { sealed = {}, readers } = await rpc.seal(request, connect);
        return { sealed, readers };
      }),
    open: (collection, id, options) =>
      call(options, async (connect) => {
        const { document, closed } = await rpc.open({ collection, id }, connect);
        return {
          document: fromDocument(document),
          closed: closed.map(({ path, why }) => ({ path, why })),
        };
      }),
  };
}
