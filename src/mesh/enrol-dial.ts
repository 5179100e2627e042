// The other side of the door for strangers: dials a member, hands in a request, and takes the answer.
import type { Timers } from '../core/index.ts';
import {
  decodeEnrolReply,
  type EnrolReply,
  type EnrolRequest,
  encodeEnrolRequest,
} from './protocol/index.ts';
import type { Transport } from './transport/transport.ts';

/** From the handshake to the answer: three round trips by satellite, and a busy hub. */
const ANSWER_TIMEOUT_MS = 15_000;

/** One attempt. Rejects with an Error whose message is for people. */
export async function askToEnrol(
  request: EnrolRequest,
  {
    transport,
    address,
    timers,
    signal,
  }: {
    readonly transport: Pick<Transport, 'dial'>;
    readonly address: string;
    readonly timers: Timers;
    readonly signal: AbortSignal;
  },
): Promise<EnrolReply> {
  const link = await transport.dial(address, signal);
  const answer = Promise.withResolvers<EnrolReply>();
  const fail = (why: string): void => answer.reject(new Error(`${address} ${why}`));
  const onAbort = (): void => fail('was not asked on');
  signal.addEventListener('abort', onAbort);
  const cancel = timers.after(ANSWER_TIMEOUT_MS, () => fail('did not answer in time'));
  link.attach({
    onFrame: (frame) => {
      try {
        answer.resolve(decodeEnrolReply(frame));
      } catch (error) {
        fail(`answered something else: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    onDrain: () => undefined,
    onClose: () => fail('lets nobody in: it is in no fleet with certificates, or too old for that'),
  });
  link.send(encodeEnrolRequest(request));
  try {
    return await answer.promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
    link.close();
  }
}
