// Reports of agents on what they have, in plain values, and what can be asked about them.
import type { JsonObject } from './json.ts';
import type { Freshness, Page, PageRequest } from './row-facts.ts';

/** A report without its rows. */
export interface InventoryRow {
  readonly agent: string;
  readonly name: string;
  /** When the agent said last that it is so, milliseconds since 1970 by its sidecar's clock. */
  readonly reportedAtMs: number;
  readonly generation: string;
  readonly count: number;
  readonly summary: JsonObject;
  /** False while some of its rows have not arrived here. */
  readonly isWhole: boolean;
  readonly freshness: Freshness;
}

export interface InventoryMethods {
  /** Replaces the report of that name of the agent that calls. */
  reportInventory: {
    request: { name: string; rows: readonly JsonObject[]; summary: JsonObject };
    response: { report: InventoryRow; changed: boolean };
  };
  removeInventory: { request: { name: string }; response: Record<string, never> };
  getInventory: {
    request: PageRequest & { agent: string; name: string };
    response: Page<JsonObject> & { readonly report: InventoryRow };
  };
  /** By agent and name. */
  listInventory: {
    request: PageRequest & { agent: string; name: string };
    response: Page<InventoryRow>;
  };
}
