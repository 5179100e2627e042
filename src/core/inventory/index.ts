// Inventory: what agents report of what they have, replaced as a whole.
import type { Context } from '../context.ts';
import type { Request, Response } from '../request.ts';
import { documentKey } from '../values/ids.ts';
import type { InventoryMethods } from '../values/inventory-values.ts';
import type { Needs } from '../values/scope.ts';
import { getInventory, listInventory } from './list.ts';
import { removeInventory, reportInventory } from './report.ts';
import { reportId } from './report-document.ts';

const METHODS: Readonly<Record<keyof InventoryMethods, true>> = {
  reportInventory: true,
  removeInventory: true,
  getInventory: true,
  listInventory: true,
};

type InventoryRequest = Extract<Request, { readonly method: keyof InventoryMethods }>;

export function isInventoryRequest(request: Request): request is InventoryRequest {
  return Object.hasOwn(METHODS, request.method);
}

/** Throws HoldfastError. */
export function routeInventory(context: Context, request: InventoryRequest): Response {
  const { caller } = request;
  switch (request.method) {
    case 'reportInventory':
      return reportInventory(context, caller, request.body);
    case 'removeInventory':
      return removeInventory(context, caller, request.body);
    case 'getInventory':
      return getInventory(context, request.body);
    case 'listInventory':
      return listInventory(context, request.body);
  }
}

/** Which documents a question about reports reads and writes. */
export function needsOfInventory(request: InventoryRequest): Needs {
  switch (request.method) {
    case 'reportInventory':
    case 'removeInventory': {
      const { caller } = request;
      if (caller.scope !== 'agent') return { live: [], shown: [] };
      const { agent } = caller;
      const key = documentKey('inventory', reportId(agent, request.body.name));
      return { live: [key], shown: [{ collection: 'inventory', prefix: `${agent}/` }] };
    }
    case 'getInventory':
    case 'listInventory': {
      const { agent } = request.body;
      const shown = ['inventory', 'platforms'].map((collection) => ({
        collection,
        prefix: agent === '' || collection === 'platforms' ? agent : `${agent}/`,
      }));
      return { live: [], shown };
    }
  }
}
