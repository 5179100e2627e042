// What is known of the DHT from before, so that a restart works while its bootstrap is down.

/** An IPv4 address and a UDP port. */
export interface DhtAddress {
  readonly host: string;
  readonly port: number;
}

export interface KnownNodes {
  /** Nodes of the DHT, those heard of last first. */
  readonly nodes: readonly DhtAddress[];
  /** Where members were reached, by their Noise key in hex, those reached last first. */
  readonly members: readonly { readonly key: string; readonly address: DhtAddress }[];
}

export const MAX_KNOWN_NODES = 64;
const MAX_KNOWN_MEMBERS = 64;

export const NOTHING_KNOWN: KnownNodes = { nodes: [], members: [] };

/** Puts what is heard of now before what was known: a DHT that answers no more must not be forgotten. */
export function withNodes(known: KnownNodes, heard: readonly DhtAddress[]): KnownNodes {
  const byText = new Map<string, DhtAddress>();
  for (const node of [...heard, ...known.nodes]) {
    const text = `${node.host}:${node.port}`;
    if (!byText.has(text)) byText.set(text, { host: node.host, port: node.port });
  }
  return { ...known, nodes: [...byText.values()].slice(0, MAX_KNOWN_NODES) };
}

export function withMember(known: KnownNodes, key: string, address: DhtAddress): KnownNodes {
  const others = known.members.filter((member) => member.key !== key);
  return { ...known, members: [{ key, address }, ...others].slice(0, MAX_KNOWN_MEMBERS) };
}

export function addressOfMember(known: KnownNodes, key: string): DhtAddress | undefined {
  return known.members.find((member) => member.key === key)?.address;
}
