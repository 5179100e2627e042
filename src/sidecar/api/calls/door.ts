// The doors of the API: by which a request came, which Host it may name there, and whose tokens work there.
import { describeHolder, HoldfastError, type TokenHolder } from '../../../core/index.ts';
import { isLoopback } from '../../loopback.ts';
import type { TcpTarget, UnixTarget } from '../connections/bind.ts';
import { namesOf } from '../connections/tls.ts';

export interface Door {
  /** Whether a Host header names this server; undefined where it says nothing, as on a Unix socket. */
  readonly isOwnHost: ((host: string) => boolean) | undefined;
  /** How addresses of pages that this server shows begin; undefined where no browser comes in. */
  readonly scheme: 'http' | 'https' | undefined;
  /** Only this machine reaches it. */
  readonly isLocal: boolean;
  /** Holders whose tokens do not work here, and where they do. */
  readonly admits: 'everybody' | 'the operator' | 'everybody but the operator';
}

/** `hasAdminDoor`: there is a door for the operator alone, so the operator's token works at no other. */
export function doorOf(
  target: TcpTarget | UnixTarget,
  isAdminDoor: boolean,
  hasAdminDoor: boolean,
): Door {
  const admits = isAdminDoor
    ? 'the operator'
    : hasAdminDoor
      ? 'everybody but the operator'
      : 'everybody';
  if (target.kind === 'unix')
    return { isOwnHost: undefined, scheme: undefined, isLocal: true, admits };
  if (target.tls === undefined)
    return { isOwnHost: isLoopback, scheme: 'http', isLocal: true, admits };
  const isNamed = namesOf(target.tls.cert);
  const isLocal = isLoopback(target.host);
  return {
    isOwnHost: (host) => isLoopback(host) || isNamed(host),
    scheme: 'https',
    isLocal,
    admits,
  };
}

/** Throws HoldfastError SCOPE_MISSING where this holder's token does not work at this door. */
export function checkAdmitted({ admits }: Door, holder: TokenHolder): void {
  if (admits === 'everybody') return;
  const isOperator = holder.scope === 'admin';
  if (isOperator === (admits === 'the operator')) return;
  throw new HoldfastError(
    'SCOPE_MISSING',
    isOperator
      ? "The operator's token works on the admin socket alone. Nothing was done; call there."
      : `${describeHolder(holder)} does not work on the admin socket. Nothing was done; call the API's other socket or its port.`,
  );
}
