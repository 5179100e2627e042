// The operator's side of a running sidecar: who may call it, and what it says when something is wrong.
import {
  type Clock,
  type Crypto,
  HoldfastError,
  holderKey,
  type JsonObject,
  type TokenHolder,
} from '../core/index.ts';
import type { AdminControl, Backend } from './api/index.ts';
import { reportMember } from './diagnose/member-report.ts';
import { redactJson, redactText } from './diagnose/redact.ts';
import type { Access } from './identity/access.ts';
import type { Fleet } from './identity/fleet.ts';
import type { Log } from './log.ts';

/** What a diagnosis tells beside what the member knows; a sidecar in a test has none of it. */
export interface Surroundings {
  /** Sections of the report by name. */
  report(): Promise<JsonObject>;
  /** The newest lines of the log. */
  log(): readonly string[];
}

export interface AdminParts {
  /** Undefined where tokens lie in no files, as in a test. */
  readonly access: Access | undefined;
  readonly surroundings: Surroundings | undefined;
  readonly backend: Omit<Backend, 'admin'>;
  readonly fleet: Fleet;
  readonly log: Log;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** Where the API listens, once it does. */
  api(): JsonObject;
}

export function createAdminControl(parts: AdminParts): AdminControl {
  const { access, surroundings, log } = parts;
  const files = (): Access => {
    if (access !== undefined) return access;
    throw new HoldfastError(
      'NOT_FOUND',
      'The tokens of this sidecar lie in no files. Nothing was changed.',
    );
  };
  const listAccess = () => access?.list() ?? [];
  const given = (holder: TokenHolder): void => {
    const who = holderKey(holder);
    log.info('access.given', { who }, `${who} may call from now on`);
  };
  const withdrawn = (holder: TokenHolder): void => {
    const who = holderKey(holder);
    log.info('access.withdrawn', { who }, `the token of ${who} does not work any more`);
  };
  return {
    addAgent: async (agent) => {
      const outcome = await files().addAgent(agent);
      if (outcome.added) given({ scope: 'agent', agent });
      return outcome;
    },
    removeAgent: async (agent) => {
      await files().removeAgent(agent);
      withdrawn({ scope: 'agent', agent });
    },
    addAccess: async (holder) => {
      const tokenFile = await files().add(holder);
      given(holder);
      return tokenFile;
    },
    listAccess,
    removeAccess: async (name) => {
      const holder = await files().remove(name);
      withdrawn(holder);
      return holder;
    },
    diagnose: async () => ({
      report: redactJson({
        ...(await surroundings?.report()),
        ...(await reportMember({ ...parts, api: parts.api(), access: listAccess })),
      }),
      log: (surroundings?.log() ?? []).map(redactText),
    }),
  };
}
