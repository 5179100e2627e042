// Enrolment as the API sees it: of the member that is up, in words for people.
import { type Crypto, formatNodeId, HoldfastError, type NodeId } from '../../core/index.ts';
import type { EnrolmentControl, TokenInfo } from '../api/index.ts';
import type { Member, MemberSupervisor } from '../member/index.ts';
import type { TokenRow } from './desk.ts';
import type { Enrolment } from './enrolment.ts';
import { decodeRequestFile, encodeReplyFile } from './files.ts';

const USUAL_TTL_MS = 3_600_000;

export function createEnrolmentControl(
  supervisor: MemberSupervisor,
  { crypto }: { readonly crypto: Crypto },
): EnrolmentControl {
  const idOf = (nodeId: NodeId): string => (nodeId === '' ? '' : formatNodeId(nodeId, crypto));
  const infoOf = (row: TokenRow): TokenInfo => ({ ...row, nodeId: idOf(row.nodeId) });
  const change = <T>(act: (enrolment: Enrolment, member: Member) => Promise<T>): Promise<T> =>
    supervisor.change((member) => {
      if (member.enrolment === undefined) throw isOpen();
      return act(member.enrolment, member);
    });
  return {
    create: (wish) =>
      change(async (enrolment, { meshAddress }) => {
        const addresses =
          wish.addresses.length > 0 ? wish.addresses : await enrolment.ownAddresses(meshAddress);
        const ttlMs = wish.ttlMs ?? USUAL_TTL_MS;
        const { text, row } = await enrolment.desk.create({ ...wish, ttlMs, addresses });
        return { token: text, info: infoOf(row) };
      }),

    list: () => change(async ({ desk }) => desk.list().map(infoOf)),

    revoke: (id) => change(async ({ desk }) => infoOf(await desk.revoke(id))),

    approve: (id, code) => change(async ({ desk }) => infoOf(await desk.approve(id, code))),

    grant: (request) =>
      change(async (enrolment) => {
        const asked = decodeRequestFile(request, crypto);
        if (typeof asked === 'string') {
          throw new HoldfastError('REQUEST_REFUSED', `request: ${asked}. Nothing was done.`, {
            field: 'request',
          });
        }
        const reply = await enrolment.answerCarried(asked);
        if (reply.state === 'granted') return encodeReplyFile(reply.sealed, crypto);
        if (reply.state === 'refused') throw refused(reply.reason, reply.message);
        return undefined;
      }),

    regrant: (name, more) => change((enrolment) => enrolment.regrant(name, more)),

    rotateKey: () =>
      change(async (enrolment) => {
        const { nextKey, isCertified } = await enrolment.rotateKey();
        return { nodeId: idOf(nextKey), isCertified };
      }),
  };
}

const REASONS = [
  'TOKEN_UNKNOWN',
  'TOKEN_SPENT',
  'TOKEN_EXPIRED',
  'NAME_TAKEN',
  'NOT_ISSUER',
] as const;

function refused(reason: string, message: string): HoldfastError {
  const known = REASONS.find((one) => one === reason) ?? 'REQUEST_REFUSED';
  return new HoldfastError(known, `The request is refused: ${message}. Nobody was let in.`);
}

function isOpen(): HoldfastError {
  return new HoldfastError(
    'NOT_ISSUER',
    'This fleet is open: whoever holds its fleet.key is a member, and there are no tokens and certificates. Nothing was done.',
  );
}
