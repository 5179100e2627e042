// SecretService of the fake sidecar: what it seals says so, and what says so it opens.
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { SecretService } from '../../src/gen/holdfast/v1/secret_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { notFound } from './fake-values.ts';

export function secretRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(SecretService, {
    seal: (request, { requestHeader }) => {
      sidecar.enter('seal', request, requestHeader);
      const length = request.value && JSON.stringify(toJson(ValueSchema, request.value)).length;
      return { sealed: { $sealed: `${length ?? 0} characters` }, readers: ['edge-a'] };
    },
    open: ({ collection, id }, { requestHeader }) => {
      sidecar.enter('open', { collection, id }, requestHeader);
      const document = sidecar.documents.get(`${collection}/${id}`);
      if (document === undefined) throw notFound(`document ${collection}/${id}`);
      const closed = [{ path: ['tls', 'key'], why: 'it is sealed for another key' }];
      return { document: { ...document, value: { wifi: 'opened' } }, closed };
    },
  });
}
