// What can be counted of a member: its node, its queue, its links, its store. Nothing is written and nobody waits for it.
import type { NodeFigures, QueueFigure } from '../../core/index.ts';
import type { MeshFigures } from '../../mesh/index.ts';
import type { Store } from '../store/store.ts';
import { type RecordKind, storeSizes } from '../store/store-sizes.ts';

export interface MemberFigures extends NodeFigures {
  /** Events that wait for a turn. */
  readonly events: QueueFigure;
  readonly mesh: MeshFigures;
  /** Requests that it carries for devices; undefined in an open fleet. */
  readonly letters: QueueFigure | undefined;
}

export interface CountedMember {
  figures(): MemberFigures;
  /** Bytes on the disk by kind of record; undefined where the store cannot tell. Rejects as the store does. */
  storeBytes(): Promise<ReadonlyMap<RecordKind, number> | undefined>;
}

export function countMember({
  runtime,
  mesh,
  store,
  enrolment,
}: {
  readonly runtime: { figures(): NodeFigures & { readonly events: QueueFigure } };
  readonly mesh: { figures(): MeshFigures };
  readonly store: Store;
  readonly enrolment: { readonly letters: QueueFigure } | undefined;
}): CountedMember {
  return {
    figures: () => ({ ...runtime.figures(), mesh: mesh.figures(), letters: enrolment?.letters }),
    storeBytes: () => storeSizes(store),
  };
}
