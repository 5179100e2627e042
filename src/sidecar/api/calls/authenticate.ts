// Who calls and from where: the bearer token, the Host and Origin headers, and the agent's name that must be the token's.
import { describeHolder, HoldfastError, type TokenHolder } from '../../../core/index.ts';
import type { Door } from './door.ts';
import type { ApiRequest } from './respond.ts';

/** Finds whose token it is. Compares in constant time; undefined for a token that is nobody's. */
export type Authenticate = (token: string) => TokenHolder | undefined;

const BEARER = /^bearer +(\S+) *$/i;
const HOST_AND_PORT = /^(\[[^\]]+\]|[^:]*)(?::\d{1,5})?$/;

/** What browsers say of a request that another site's page made; programs do not send it. */
const FOREIGN_SITES: ReadonlySet<unknown> = new Set(['cross-site', 'same-site']);

/**
 * Refuses what a web page of others could send. A page may resolve its own name to 127.0.0.1 and call us from its own origin,
 * but then the Host is its name; and it cannot leave out the Origin of a call to anybody else. Of an image or a script, which
 * has none, the browser says that another site asks for it. The page that this server shows calls from the very origin that it
 * is called at: same scheme, name and port.
 */
export function checkSource({ headers }: ApiRequest, door: Door): HoldfastError | undefined {
  if (isForeignPage(headers, door)) {
    return new HoldfastError(
      'ORIGIN_REFUSED',
      'The request comes from a web page that is not the dashboard of this sidecar, as its headers Origin or Sec-Fetch-Site say. Nothing was done; call from a program, or type the address of the dashboard.',
    );
  }
  const { isOwnHost } = door;
  if (isOwnHost === undefined) return undefined;
  const hosts = [headers[':authority'], headers.host].filter((host) => host !== undefined);
  const foreign = hosts.find(
    (host) => typeof host !== 'string' || !isOwnAuthority(host, isOwnHost),
  );
  if (hosts.length > 0 && foreign === undefined) return undefined;
  return new HoldfastError(
    'HOST_REFUSED',
    `The Host header is ${foreign === undefined ? 'missing' : `"${String(foreign)}"`}. Nothing was done; call 127.0.0.1, [::1] or localhost, or with TLS a name in the certificate of this server.`,
  );
}

/** A program sends neither header. With an Origin, the Host that is checked next has to be the same. */
function isForeignPage(headers: ApiRequest['headers'], { scheme }: Door): boolean {
  if (FOREIGN_SITES.has(headers['sec-fetch-site'])) return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  const authority = headers[':authority'] ?? headers.host;
  return scheme === undefined || origin !== `${scheme}://${String(authority)}`;
}

function isOwnAuthority(authority: string, isOwnHost: (host: string) => boolean): boolean {
  const host = HOST_AND_PORT.exec(authority)?.[1]
    ?.toLowerCase()
    .replace(/^\[|\]$/g, '');
  return host !== undefined && host !== '' && isOwnHost(host);
}

/** Throws HoldfastError TOKEN_MISSING or TOKEN_WRONG. */
export function callerOf({ headers }: ApiRequest, authenticate: Authenticate): TokenHolder {
  const token = BEARER.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new HoldfastError(
      'TOKEN_MISSING',
      'The request has no token. Nothing was done; send the header "Authorization: Bearer" with the text of a token file.',
    );
  }
  const caller = authenticate(token);
  if (caller !== undefined) return caller;
  throw new HoldfastError(
    'TOKEN_WRONG',
    'The token is not one of this sidecar. Nothing was done; read the token file of this sidecar again.',
  );
}

/** The agent that beats: the token's. A name in the request may only repeat it. */
export function beatingAgent(named: string, caller: TokenHolder): string {
  if (caller.scope !== 'agent') {
    throw new HoldfastError(
      'SCOPE_MISSING',
      `Only an agent sends heartbeats. ${describeHolder(caller)} belongs to none, and nothing was written; use the agent's own token.`,
    );
  }
  if (named !== '' && named !== caller.agent) {
    throw new HoldfastError(
      'AGENT_MISMATCH',
      `agent: the request names "${named}", the token belongs to "${caller.agent}". Nothing was written; leave the field empty.`,
      { field: 'agent' },
    );
  }
  return caller.agent;
}

/** Refuses everybody but the operator. `action` ends the sentence "may not …". */
export function requireAdmin(caller: TokenHolder, action: string): void {
  if (caller.scope === 'admin') return;
  throw new HoldfastError(
    'SCOPE_MISSING',
    `${describeHolder(caller)} may not ${action}. Nothing was done; use an admin token.`,
  );
}
