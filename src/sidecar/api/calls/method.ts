// What a method of the API looks like from inside: a function of the request and the caller, for any protocol.
import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { TokenHolder } from '../../../core/index.ts';

/** `C` is `undefined` for methods that anybody may call. */
export type UnaryHandler<M extends DescMethod = DescMethod, C = TokenHolder> = (
  request: MessageShape<M['input']>,
  caller: C,
) => Promise<MessageInitShape<M['output']>>;

/** A handler for every unary method of a service, so that a method added to a proto does not compile until it has one. */
export type UnaryHandlers<S extends DescService, C = TokenHolder> = {
  readonly [K in keyof S['method'] as S['method'][K]['methodKind'] extends 'unary'
    ? K
    : never]: UnaryHandler<S['method'][K], C>;
};
