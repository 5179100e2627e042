// By whom commits came to this node: over a link from its other end, whoever wrote them, or out of a bundle.
import type { NodeId } from './ids.ts';

export type Via = { readonly kind: 'link'; readonly node: NodeId } | { readonly kind: 'bundle' };
