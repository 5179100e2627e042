// Which documents a question about configurations reads and writes.
import { GROUP_SCOPE } from '../commands/index.ts';
import type { Request } from '../request.ts';
import type { ConfigMethods } from '../values/config-values.ts';
import { documentKey } from '../values/ids.ts';
import type { Needs } from '../values/scope.ts';

const METHODS: Readonly<Record<keyof ConfigMethods, true>> = {
  setConfig: true,
  configTargets: true,
  getConfig: true,
  listConfigs: true,
  deleteConfig: true,
  desiredConfig: true,
  reportConfig: true,
  listConfigStatus: true,
};

export type ConfigRequest = Extract<Request, { readonly method: keyof ConfigMethods }>;

export function isConfigRequest(request: Request): request is ConfigRequest {
  return Object.hasOwn(METHODS, request.method);
}

export function needsOfConfig(request: ConfigRequest): Needs {
  const own = request.caller.scope === 'agent' ? request.caller.agent : undefined;
  switch (request.method) {
    case 'setConfig':
    case 'configTargets':
    case 'listConfigStatus':
      return reads('');
    case 'getConfig':
    case 'deleteConfig':
    case 'listConfigs':
    case 'desiredConfig':
      return reads(own ?? request.body.agent);
    case 'reportConfig': {
      if (own === undefined) return { live: [], shown: [] };
      return { live: [documentKey('config-status', own)], shown: reads(own).shown };
    }
  }
}

/** All that is known of the configuration of an agent; of all agents where none is named. */
function reads(agent: string): Needs {
  const about = ['platforms', 'config-status'].map((collection) => ({ collection, prefix: agent }));
  const scopes = agent === '' ? [''] : [`${agent}/`, `${GROUP_SCOPE}/`];
  const entries = scopes.map((prefix) => ({ collection: 'configs', prefix }));
  return { live: [], shown: [...entries, ...about] };
}
