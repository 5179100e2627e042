// The API of a running sidecar: its doors, whose tokens work at them, and what only its operator may ask.
import { createAdminControl } from './admin-control.ts';
import { type ApiServer, type Backend, CALL_BURST_SECONDS, startApiServer } from './api/index.ts';
import type { SidecarParts } from './assemble.ts';

/** Rejects with StartupError. */
export async function openApi(
  parts: SidecarParts,
  backend: Omit<Backend, 'admin'>,
): Promise<ApiServer> {
  const { environment, access, apiListen, apiTls, apiRate } = parts;
  const { clock, crypto } = environment;
  let server: ApiServer | undefined;
  const admin = createAdminControl({
    ...{ access, backend, clock, crypto },
    fleet: parts.fleet,
    surroundings: parts.surroundings,
    api: () => ({
      tcp: server?.tcpAddress ?? null,
      tls: apiTls !== undefined,
      socket: server?.unixSocket ?? null,
      adminSocket: server?.adminSocket ?? null,
    }),
  });
  const atOnce = (apiRate ?? 0) * CALL_BURST_SECONDS;
  server = await startApiServer({
    backend: { ...backend, admin },
    authenticate: (token) => (access === undefined ? parts.authenticate(token) : access.find(token)),
    log: parts.log,
    environment,
    tcp: apiListen && { ...apiListen, tls: apiTls },
    unixSocket: parts.apiSocket,
    unixSocketMode: parts.apiSocketMode,
    adminSocket: parts.apiAdminSocket,
    limits: { callRate: apiRate === undefined ? undefined : { perSecond: apiRate, atOnce } },
  });
  return server;
}
