// The addresses that `name:port` stands for now.
import type { Timers } from '../core/index.ts';
import type { Resolver } from './resolver.ts';
import { formatPeerAddress, parsePeerAddress } from './transport/address.ts';

/** How long a look-up may take: longer than a resolver takes to ask a second server. */
const LOOK_UP_MS = 10_000;

export interface LookUpParts {
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** As the transport dials them, each once. Rejects with an Error whose message is for people. */
export async function lookUp(
  address: string,
  { resolver, timers, signal }: LookUpParts,
): Promise<readonly string[]> {
  const parsed = parsePeerAddress(address);
  if (parsed === undefined) throw new Error(`"${address}" is no address`);
  const { host, port } = parsed;
  const over = Promise.withResolvers<never>();
  const abort = new AbortController();
  const end = (reason: string): void => {
    over.reject(new Error(reason));
    abort.abort();
  };
  const onAbort = (): void => end(`the look-up of ${host} was cancelled`);
  signal.addEventListener('abort', onAbort);
  const seconds = LOOK_UP_MS / 1000;
  const cancelTimeout = timers.after(LOOK_UP_MS, () =>
    end(`no answer about the name ${host} within ${seconds} s`),
  );
  try {
    const hosts = await Promise.race([resolver.resolve(host, abort.signal), over.promise]);
    if (hosts.length === 0) throw new Error(`the name ${host} has no address`);
    return [...new Set(hosts.map((one) => formatPeerAddress({ host: one, port })))];
  } finally {
    cancelTimeout();
    signal.removeEventListener('abort', onAbort);
  }
}
