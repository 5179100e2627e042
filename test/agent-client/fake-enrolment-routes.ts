// EnrolmentService of the fake sidecar: tokens without secrets, and a reply that a test gives.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  EnrolmentService,
  type EnrolmentToken,
  EnrolmentTokenSchema,
  EnrolmentTokenState,
} from '../../src/gen/holdfast/v1/enrolment_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { FAKE_NOW_MS, notFound } from './fake-values.ts';

export const FAKE_TOKEN = 'holdfast1e_faketoken';
/** Id of the node under its next key, which is certified when it is asked for twice. */
export const FAKE_NEXT_NODE = 'aaaabbbbccccdddd';
const HOUR_MS = 3_600_000;

/** The token that the fake makes next, or one that a test puts there. */
export function fakeToken(name: string, id = '0a1b2c3d'): EnrolmentToken {
  return create(EnrolmentTokenSchema, {
    ...{ id, name, roles: ['agent'], agents: [name], state: EnrolmentTokenState.OPEN },
    createdAt: timestampFromMs(FAKE_NOW_MS),
    expiresAt: timestampFromMs(FAKE_NOW_MS + HOUR_MS),
  });
}

export function enrolmentRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const find = (id: string): EnrolmentToken => {
    const token = sidecar.tokens.find((one) => one.id === id);
    if (token === undefined) throw notFound(`token ${id}`);
    return token;
  };
  router.service(EnrolmentService, {
    createToken: (request, { requestHeader }) => {
      sidecar.enter('createToken', request, requestHeader);
      const info = { ...fakeToken(request.name), roles: request.roles };
      sidecar.tokens.push(info);
      return { token: FAKE_TOKEN, info };
    },
    listTokens: (request, { requestHeader }) => {
      sidecar.enter('listTokens', request, requestHeader);
      return { tokens: sidecar.tokens };
    },
    revokeToken: (request, { requestHeader }) => {
      sidecar.enter('revokeToken', request, requestHeader);
      return { token: find(request.id) };
    },
    approveToken: (request, { requestHeader }) => {
      sidecar.enter('approveToken', request, requestHeader);
      return { token: { ...find(request.id), state: EnrolmentTokenState.SPENT } };
    },
    grant: (request, { requestHeader }) => {
      sidecar.enter('grant', request, requestHeader);
      const { replyFile } = sidecar;
      return replyFile === undefined ? { waiting: true } : { reply: replyFile };
    },
    regrant: (request, { requestHeader }) => {
      sidecar.enter('regrant', request, requestHeader);
      return { generation: 2, expiresAt: timestampFromMs(FAKE_NOW_MS + HOUR_MS) };
    },
    rotateKey: (request, { requestHeader }) => {
      sidecar.enter('rotateKey', request, requestHeader);
      return { nextNodeId: FAKE_NEXT_NODE, certified: sidecar.callsOf('rotateKey').length > 1 };
    },
  });
}
