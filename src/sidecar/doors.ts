// The files behind the doors of the API: tokens, TLS, and what is told through them of the machine.
import type { Environment } from '../core/index.ts';
import { reportHost } from './diagnose/host-report.ts';
import { Access } from './identity/access.ts';
import type { Fleet } from './identity/fleet.ts';
import { readTlsMaterial } from './identity/tls-files.ts';
import type { ApiParts } from './open-api.ts';
import type { OptionRow, SidecarOptions } from './options/index.ts';

/** What only a diagnosis needs of the process. */
export interface Told {
  readonly configuration: readonly OptionRow[];
  /** The newest lines of its log. */
  recentLog(): readonly string[];
}

export const NOTHING_TOLD: Told = { configuration: [], recentLog: () => [] };

/** Makes tokens that are missing. Rejects with StartupError. */
export async function openDoors(
  options: SidecarOptions,
  { certificate }: Fleet,
  { random, clock }: Environment,
  told: Told,
): Promise<Pick<ApiParts, 'access' | 'authenticate' | 'apiTls' | 'surroundings'>> {
  const { dataDir, agents } = options;
  const certified = certificate?.agents;
  const access = await Access.open({ dataDir, agents, certified, random });
  return {
    access,
    authenticate: (token) => access.find(token),
    apiTls: await readTlsMaterial(options),
    surroundings: {
      report: () => reportHost({ ...told, dataDir, clock }),
      log: () => told.recentLog(),
    },
  };
}
