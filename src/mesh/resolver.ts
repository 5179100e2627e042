// The port that finds the addresses of a name.

export interface Resolver {
  /**
   * All addresses of a host name, IPv4 and IPv6 alike, without brackets. Rejects with an Error whose message is for people,
   * also when the signal aborts.
   */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}
