// BundleService of the fake sidecar: what a bundle holds is what a test says, whatever its bytes.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { type BundleReportSchema, BundleService } from '../../src/gen/holdfast/v1/bundle_pb.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { apiError, notFound } from './fake-values.ts';

type Report = MessageInitShape<typeof BundleReportSchema>;

export class FakeBundles {
  frontier = { frontier: 'hff1-aaaa-bbbb', feeds: 7 };
  /** What is exported for a peer, by its name; under '' everything. */
  readonly exports = new Map<string, Report>();
  /** What a file turns out to hold, by its first line. */
  /** What came of a file so far. */
  uploaded = '';
  readonly imports = new Map<string, Report>();
}

export function bundleRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const { bundles } = sidecar;
  router.service(BundleService, {
    async *exportBundle(request, { requestHeader }) {
      sidecar.enter('exportBundle', request, requestHeader);
      const whose = request.since.case === 'peer' ? request.since.value : '';
      const report = bundles.exports.get(whose);
      if (report === undefined) throw notFound(`peer "${whose}"`);
      yield { data: new TextEncoder().encode('a bundle\n'), doneCommits: 1n, allCommits: 3n };
      yield { doneCommits: 3n, allCommits: 3n, report };
    },
    importBundle: (request, { requestHeader }) => {
      sidecar.enter('importBundle', request, requestHeader);
      bundles.uploaded += new TextDecoder().decode(request.data);
      if (!request.last) return {};
      const [line = ''] = bundles.uploaded.split('\n');
      bundles.uploaded = '';
      const report = bundles.imports.get(line);
      if (report !== undefined) return { report };
      throw apiError(
        ErrorReason.BUNDLE_UNREADABLE,
        Code.InvalidArgument,
        'data: it is no bundle. Nothing was written; name a file that `holdfast bundle export` made.',
        { field: 'data' },
      );
    },
    getFrontier: (request, { requestHeader }) => {
      sidecar.enter('getFrontier', request, requestHeader);
      return bundles.frontier;
    },
  });
}
