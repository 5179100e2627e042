// What can be asked about configurations.
import type { CommandTarget } from '../commands/index.ts';
import type { JsonObject } from '../json.ts';
import type { Page, PageRequest } from '../request.ts';
import type { ConfigReport } from './config-status.ts';
import type { ConfigEntryRow, ConfigState, ConfigStatusRow, DesiredConfig } from './rows.ts';

/** An entry: of an agent, or with an empty agent one for many. */
export interface ConfigName {
  readonly agent: string;
  readonly name: string;
}

export interface ConfigMethods {
  setConfig: {
    request: {
      target: CommandTarget;
      name: string;
      patch: JsonObject;
      priority: number;
      /** Set only over this revision; the empty string means "only if there is none". */
      ifRevision?: string | undefined;
    };
    response: { entry: ConfigEntryRow; changed: boolean };
  };
  /** Whom an entry for this target would mean now, by name. */
  configTargets: { request: { target: CommandTarget }; response: { agents: readonly string[] } };
  getConfig: { request: ConfigName; response: { entry: ConfigEntryRow } };
  /** With an agent: entries that mean it, in the order in which they are merged. Otherwise all, by id. */
  listConfigs: { request: PageRequest & { agent: string }; response: Page<ConfigEntryRow> };
  deleteConfig: {
    request: ConfigName & { ifRevision?: string | undefined };
    response: { revisions: number };
  };
  /** An agent reads its own, whatever name it gives. */
  desiredConfig: { request: { agent: string }; response: DesiredConfig };
  reportConfig: { request: ConfigReport; response: { status: ConfigStatusRow } };
  listConfigStatus: {
    request: PageRequest & { agent: string; states: readonly ConfigState[] };
    response: Page<ConfigStatusRow>;
  };
}
