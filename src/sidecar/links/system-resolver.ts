// Host names by the system's own rules: hosts file, DNS, whatever else is configured.
import { lookup } from 'node:dns/promises';
import type { Resolver } from '../../mesh/index.ts';

/**
 * Look-ups at a time. Each holds a thread for as long as no server answers, and the store needs the same threads: one that was given
 * up still counts until the system lets it go.
 */
const MAX_LOOK_UPS = 2;
/** Look-ups that wait for one of those: more than there can be names. */
const MAX_WAITING = 512;

type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

const systemLookup: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });

export function createSystemResolver(look: Lookup = systemLookup): Resolver {
  const waiting: (() => void)[] = [];
  let running = 0;
  const leave = (): void => {
    running--;
    waiting.shift()?.();
  };
  return {
    async resolve(host, signal) {
      if (running >= MAX_LOOK_UPS) await turn(waiting, host, signal);
      running++;
      const looking = look(host).finally(leave);
      try {
        return (await looking).map(({ address }) => address);
      } catch (cause) {
        throw new Error(`cannot resolve the name ${host}${codeOf(cause)}`, { cause });
      }
    },
  };
}

/** Waits for a turn. Rejects when the signal aborts first, or too many wait. */
function turn(waiting: (() => void)[], host: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (waiting.length >= MAX_WAITING) {
      reject(new Error(`cannot resolve the name ${host}: ${MAX_WAITING} others wait`));
      return;
    }
    const begin = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      waiting.splice(waiting.indexOf(begin), 1);
      reject(new Error(`the look-up of ${host} was cancelled`));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    waiting.push(begin);
  });
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return '';
  if (cause.code === 'ENOTFOUND') return ': there is no such name';
  if (cause.code === 'EAI_AGAIN') return ': no name server answers';
  return `: ${String(cause.code)}`;
}
