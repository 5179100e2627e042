// How parts of the sidecar ask the member, as its API does: a method, who asks, and what.
import type { Caller, Method, RequestOf, ResponseOf } from '../core/index.ts';

/** Rejects with HoldfastError. */
export type Submit = <M extends Method>(
  method: M,
  caller: Caller,
  body: RequestOf<M>,
) => Promise<ResponseOf<M>>;
