// Errors of sockets in words for people.

const REASON_BY_CODE: Record<string, string> = {
  ECONNRESET: 'connection reset by the other end',
  EPIPE: 'connection reset by the other end',
  ETIMEDOUT: 'the other end no longer answers',
  EHOSTUNREACH: 'the way to the other end is gone',
  ENETUNREACH: 'the way to the other end is gone',
  ENETDOWN: 'the network is down',
};

/** Why a link ended. */
export function closeReason(error: Error): string {
  return REASON_BY_CODE[codeOf(error)] ?? error.message;
}

/** Why a connection could not be made. */
export function dialFailure(address: string, error: Error): Error {
  return new Error(dialReason(address, error), { cause: error });
}

function dialReason(address: string, error: Error): string {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return `connection refused by ${address}: no sidecar listens there`;
    case 'ENOTFOUND':
      return `no machine is known by the name in ${address}`;
    case 'EAI_AGAIN':
      return `the name in ${address} cannot be looked up now: the name server does not answer`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return `no way to ${address}: the network or the machine is down`;
    case 'ETIMEDOUT':
      return `no answer from ${address}`;
    case 'ECONNRESET':
      return `${address} closed the connection at once`;
    default:
      return `cannot connect to ${address}: ${error.message}`;
  }
}

/** Why a port could not be listened on. */
export function listenFailure(address: string, error: Error): Error {
  return new Error(listenReason(address, error), { cause: error });
}

function listenReason(address: string, error: Error): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `cannot listen on ${address}: the port is in use by another program`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `cannot listen on ${address}: this machine has no such address`;
    case 'EACCES':
      return `cannot listen on ${address}: ports below 1024 need special rights`;
    default:
      return `cannot listen on ${address}: ${error.message}`;
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
