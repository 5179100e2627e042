// The API of a running sidecar: its doors, whose tokens work at them, and what only its operator may ask.
import type { Environment, TokenHolder } from '../core/index.ts';
import { createAdminControl, type Surroundings } from './admin-control.ts';
import {
  type ApiServer,
  type Backend,
  CALL_BURST_SECONDS,
  startApiServer,
  type TlsMaterial,
} from './api/index.ts';
import { auditCalls, type FileAuditLog } from './audit/index.ts';
import { openDashboardFiles } from './dashboard-files.ts';
import type { Access } from './identity/access.ts';
import type { Fleet } from './identity/fleet.ts';
import type { Log } from './log.ts';
import type { Measured } from './measure/measured.ts';
import type { SidecarMetrics } from './measure/sidecar-metrics.ts';

export interface ApiParts {
  readonly environment: Environment;
  readonly log: Log;
  readonly fleet: Fleet;
  /** Whose token it is. */
  authenticate(token: string): TokenHolder | undefined;
  /** Agents and tokens that come and go while it runs; in place of `agents` and `authenticate` where it is given. */
  readonly access?: Access | undefined;
  /** What a diagnosis tells beside what the member knows. */
  readonly surroundings?: Surroundings | undefined;
  /** Address of the API, loopback where it has no TLS; undefined turns TCP off. Port 0 takes a free one. */
  readonly apiListen: { readonly host: string; readonly port: number } | undefined;
  readonly apiTls?: TlsMaterial | undefined;
  readonly apiSocket: string | undefined;
  readonly apiSocketMode?: number | undefined;
  readonly apiAdminSocket?: string | undefined;
  /** Calls a second of one token; undefined for no limit. */
  readonly apiRate?: number | undefined;
  /** Whether the metrics are shown without a token to everybody on this machine. */
  readonly metricsPublic?: boolean;
  /** Where is written what was done here, by whom; nowhere if left out. Closed by whoever opened it, after the sidecar. */
  readonly audit?: FileAuditLog | undefined;
}

/** Rejects with StartupError. */
export async function openApi(
  parts: ApiParts,
  backend: Omit<Backend, 'admin' | 'metrics'>,
  metrics: SidecarMetrics,
  measured: Omit<Measured, 'api'>,
): Promise<ApiServer> {
  const { environment, access, apiListen, apiTls, apiRate } = parts;
  const { clock, crypto } = environment;
  let server: ApiServer | undefined;
  const admin = createAdminControl({
    ...{ access, backend, clock, crypto },
    fleet: parts.fleet,
    log: parts.log,
    surroundings: parts.surroundings,
    api: () => ({
      tcp: server?.tcpAddress ?? null,
      tls: apiTls !== undefined,
      socket: server?.unixSocket ?? null,
      adminSocket: server?.adminSocket ?? null,
    }),
  });
  const tellAudit = auditCalls(parts.audit);
  const atOnce = (apiRate ?? 0) * CALL_BURST_SECONDS;
  server = await startApiServer({
    backend: {
      ...backend,
      admin,
      metrics: metrics.page({ ...measured, api: () => server?.figures() }),
    },
    authenticate: (token) =>
      access === undefined ? parts.authenticate(token) : access.find(token),
    onCall: (call) => {
      metrics.call(call);
      tellAudit?.(call);
    },
    pages: openDashboardFiles(),
    metricsArePublic: parts.metricsPublic === true,
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
