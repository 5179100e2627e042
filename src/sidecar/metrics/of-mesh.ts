// Metrics of the mesh: who is reached, what links carry and why they end, and what is missing here.
import type {
  CloseReason,
  DialReason,
  LinkClass,
  LinkPath,
  PeerState,
  TrafficClass,
} from '../../mesh/index.ts';
import { every, type MetricDefinition, oneOf } from './definition.ts';

const NONE = {} as const;
const direction = oneOf('sent', 'received');

export const OF_MESH = [
  {
    name: 'holdfast_sync_lag_seconds',
    type: 'gauge',
    help: 'Since when the oldest commit is missing here that a member is known to hold; 0 while none is. What happens behind a cut is not known: see `holdfast_last_heard_seconds`.',
    labels: NONE,
  },
  {
    name: 'holdfast_sync_gap_commits',
    type: 'gauge',
    help: 'Commits that members are known to hold and that are missing here.',
    labels: NONE,
  },
  {
    name: 'holdfast_sync_gap_feeds',
    type: 'gauge',
    help: 'Feeds of which such commits are missing.',
    labels: NONE,
  },
  {
    name: 'holdfast_last_heard_seconds',
    type: 'gauge',
    help: 'Since when no member was heard over a link; absent where none was since the start.',
    labels: NONE,
  },
  {
    name: 'holdfast_peers',
    type: 'gauge',
    help: 'Peers by what becomes of them.',
    labels: {
      state: every<PeerState>({ connected: true, connecting: true, waiting: true, paused: true }),
    },
  },
  {
    name: 'holdfast_links',
    type: 'gauge',
    help: 'Links that are up, by the way they take and their class.',
    labels: {
      path: every<LinkPath>({ lan: true, dht: true, relay: true }),
      class: every<LinkClass>({ lan: true, wan: true, satellite: true }),
    },
  },
  {
    name: 'holdfast_mesh_paused',
    type: 'gauge',
    help: '1 while an operator has paused the mesh; 0 otherwise.',
    labels: NONE,
  },
  {
    name: 'holdfast_receive_only',
    type: 'gauge',
    help: '1 while the sidecar takes what comes and sends no commits; 0 otherwise.',
    labels: NONE,
  },
  {
    name: 'holdfast_mesh_bytes_total',
    type: 'counter',
    help: 'Bytes of frames with what encryption adds, by the lane of the commits in them; `control` keeps links going.',
    labels: {
      lane: every<TrafficClass>({
        ...({ trust: true, command: true, state: true } as const),
        ...({ other: true, pulse: true, control: true } as const),
      }),
      direction,
    },
  },
  {
    name: 'holdfast_link_bytes_total',
    type: 'counter',
    help: 'Bytes on the wire by the class of the link, handshakes and strangers included.',
    labels: { class: every<LinkClass>({ lan: true, wan: true, satellite: true }), direction },
  },
  {
    name: 'holdfast_links_lost_total',
    type: 'counter',
    help: 'Links of members that ended without another one in their place, by why.',
    labels: {
      reason: every<CloseReason>({
        ...({ stranger: true, version: true, protocol: true, silent: true } as const),
        ...({ stalled: true, surplus: true, twin: true, goodbye: true, ended: true } as const),
      }),
    },
  },
  {
    name: 'holdfast_dials_total',
    type: 'counter',
    help: 'Addresses dialled: for the `first` time, again because the last attempt `failed` or the link was `lost`, or for a `better` way.',
    labels: {
      reason: every<DialReason>({ first: true, failed: true, lost: true, better: true }),
    },
  },
  {
    name: 'holdfast_links_refused_total',
    type: 'counter',
    help: 'Times somebody dialled and was not let in.',
    labels: NONE,
  },
  {
    name: 'holdfast_budget_stalls_total',
    type: 'counter',
    help: 'Times that commits waited because the budget of a link was used up.',
    labels: NONE,
  },
  {
    name: 'holdfast_duplicate_identities_total',
    type: 'counter',
    help: 'Times another process was found to run with a key: with our `own`, or with that of a `peer`.',
    labels: { whose: oneOf('own', 'peer') },
  },
] as const satisfies readonly MetricDefinition[];
