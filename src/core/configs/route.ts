// Which handler answers which question about configurations.
import { meantAgents } from '../commands/index.ts';
import type { Context } from '../context.ts';
import type { Response } from '../request.ts';
import { desiredConfig, getConfig, listConfigStatus, listConfigs } from './list.ts';
import type { ConfigRequest } from './needs.ts';
import { reportConfig } from './report.ts';
import { deleteConfig, setConfig } from './set.ts';

/** Throws HoldfastError. */
export function routeConfig(context: Context, request: ConfigRequest): Response {
  const { caller } = request;
  switch (request.method) {
    case 'setConfig':
      return setConfig(context, caller, request.body);
    case 'configTargets':
      return { agents: meantAgents(context, request.body.target) };
    case 'getConfig':
      return getConfig(context, request.body);
    case 'listConfigs':
      return listConfigs(context, caller, request.body);
    case 'deleteConfig':
      return deleteConfig(context, caller, request.body);
    case 'desiredConfig':
      return desiredConfig(context, caller, request.body);
    case 'reportConfig':
      return reportConfig(context, caller, request.body);
    case 'listConfigStatus':
      return listConfigStatus(context, request.body);
  }
}
