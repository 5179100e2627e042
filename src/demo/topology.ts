// Who takes part in the demo and who knows whom.
//
//        hub
//       /   \
//   site-1 ─ site-2 ─ site-3
//
// site-3 has no link to the hub: all it knows of it, it knows through others. With the hub cut off the site stays whole.

export interface MemberPlan {
  /** Name of the sidecar and of the agent beside it. */
  readonly name: string;
  /** Members whose mesh address it is given, all of them earlier in the list. */
  readonly dials: readonly string[];
  /** Packages its agent says it has deployed, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
}

/** In the order in which they are started: the hub last, because it is the one that dials when the cut is healed. */
export const MEMBERS: readonly MemberPlan[] = [
  { name: 'site-1', dials: [], packages: { router: '2.4.1' } },
  { name: 'site-2', dials: ['site-1'], packages: { router: '2.4.1', recorder: '0.9.3' } },
  { name: 'site-3', dials: ['site-2'], packages: { camera: '1.12.0', recorder: '0.9.2' } },
  { name: 'hub', dials: ['site-1', 'site-2'], packages: { registry: '3.1.0' } },
];

export const HUB = 'hub';
/** The member of the site that is furthest from the hub. */
export const FAR = 'site-3';
export const SITE: readonly string[] = MEMBERS.map(({ name }) => name).filter(
  (name) => name !== HUB,
);
export const ALL: readonly string[] = MEMBERS.map(({ name }) => name);

/** Names of the members that have a link to this one while all is well, sorted. */
export function neighboursOf(name: string): string[] {
  const dialled = MEMBERS.find((member) => member.name === name)?.dials ?? [];
  const dialling = MEMBERS.filter((member) => member.dials.includes(name));
  return [...dialled, ...dialling.map((member) => member.name)].toSorted();
}
