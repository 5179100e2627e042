// What the demo and its agents tell each other. Only for the demo: the fleet's own traffic goes through the sidecars.

/** To an agent. */
export type AgentOrder =
  /** Send heartbeats, or be quiet. */
  | { readonly type: 'beat'; readonly beat: boolean }
  /** Bring the survey that is under way to its end. */
  | { readonly type: 'finish-survey' };

/** From an agent. */
export type AgentNews =
  /** Its deployments are stored; it sends heartbeats and takes commands. */
  | { readonly type: 'ready' }
  /** An order was carried out. */
  | { readonly type: 'beating'; readonly beat: boolean }
  /** It acts on a command. */
  | { readonly type: 'acting'; readonly says: string };
