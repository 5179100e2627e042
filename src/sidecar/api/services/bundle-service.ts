// BundleService: what a courier carries, made and taken in. For the operator alone: a bundle holds everything the fleet knows.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TokenHolder } from '../../../core/index.ts';
import type {
  BundleService,
  ExportBundleRequest,
  ExportBundleResponseSchema,
} from '../../../gen/holdfast/v1/bundle_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import { fromBundleReport, toBundlePiece, toBundleSince } from '../convert/index.ts';

export function bundleService({
  bundles,
}: Pick<Backend, 'bundles'>): UnaryHandlers<typeof BundleService> {
  return {
    async importBundle(request, caller) {
      requireAdmin(caller, 'import bundles');
      return { report: fromBundleReport(await bundles.take(toBundlePiece(request))) };
    },

    async getFrontier(_request, caller) {
      requireAdmin(caller, 'read the frontier');
      const { text, feeds } = bundles.frontier();
      return { frontier: text, feeds };
    },
  };
}

export interface ExportDependencies {
  readonly backend: Pick<Backend, 'bundles'>;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

/** The pieces of one export. The next is made when the last was accepted. `gone` is the client's signal. */
export async function* exportBundle(
  { backend, slots, stopping }: ExportDependencies,
  request: ExportBundleRequest,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ExportBundleResponseSchema>, void> {
  requireAdmin(caller, 'export bundles');
  const release = slots.take();
  try {
    const maxBytes = request.maxBytes === 0n ? Infinity : Number(request.maxBytes);
    for await (const step of backend.bundles.export(toBundleSince(request), maxBytes)) {
      if (gone.aborted) return;
      if (stopping.aborted) throw stoppingError('The bundle is not whole; export it again.');
      yield {
        data: step.data,
        doneCommits: BigInt(step.doneCommits),
        allCommits: BigInt(step.allCommits),
        ...(step.report && { report: fromBundleReport(step.report) }),
      };
    }
  } finally {
    release();
  }
}
