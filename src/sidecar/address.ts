// Addresses a sidecar listens at: as those of peers, and with port 0 for one that is free.
import { parsePeerAddress } from '../mesh/index.ts';

export interface ListenAddress {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** The address, or undefined when the text is not `host:port`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const withoutPort = /^(.+:)0+$/.exec(text)?.[1];
  if (withoutPort === undefined) return parsePeerAddress(text);
  const address = parsePeerAddress(`${withoutPort}1`);
  return address === undefined ? undefined : { ...address, port: 0 };
}
