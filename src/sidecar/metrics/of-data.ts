// Metrics of what is held: documents, commits, the store below them, and every queue on the way there.
import { KINDS } from '../store/keys.ts';
import { type MetricDefinition, oneOf } from './definition.ts';

const NONE = {} as const;
const KIND_NAMES = Object.values(KINDS) as readonly (typeof KINDS)[keyof typeof KINDS][];
/** Whatever takes so much and not more, from the door of the API to the disk. */
const queue = oneOf(
  ...(['calls', 'streams', 'watches', 'exports', 'events', 'loading'] as const),
  ...(['greeting', 'letters', 'audit'] as const),
);

export const OF_DATA = [
  { name: 'holdfast_documents', type: 'gauge', help: 'Documents that can be read.', labels: NONE },
  {
    name: 'holdfast_documents_behind',
    type: 'gauge',
    help: 'Documents with changes that are stored and that nobody has asked for yet.',
    labels: NONE,
  },
  {
    name: 'holdfast_documents_live',
    type: 'gauge',
    help: 'Documents that are held in memory with all their changes.',
    labels: NONE,
  },
  {
    name: 'holdfast_tombstones',
    type: 'gauge',
    help: 'Deleted documents of which the delete is remembered.',
    labels: NONE,
  },
  {
    name: 'holdfast_quarantined_documents',
    type: 'gauge',
    help: 'Documents with changes that cannot be read; 100 are told apart at most.',
    labels: NONE,
  },
  {
    name: 'holdfast_feeds',
    type: 'gauge',
    help: 'Feeds of which something is held.',
    labels: NONE,
  },
  {
    name: 'holdfast_commits',
    type: 'gauge',
    help: 'Commits that are held and count.',
    labels: NONE,
  },
  {
    name: 'holdfast_held_feeds',
    type: 'gauge',
    help: 'Feeds of which commits are offered and not taken for now; 100 are told apart at most.',
    labels: NONE,
  },
  {
    name: 'holdfast_forked_feeds',
    type: 'gauge',
    help: 'Feeds that are proved to have forked: all in them is void.',
    labels: NONE,
  },
  {
    name: 'holdfast_void_ops_total',
    type: 'counter',
    help: 'Ops that came and count for nobody.',
    labels: NONE,
  },
  {
    name: 'holdfast_store_bytes',
    type: 'gauge',
    help: 'About how much the records of a kind take on the disk, not counting the newest few megabytes.',
    labels: { kind: oneOf(...KIND_NAMES) },
  },
  {
    name: 'holdfast_disk_free_bytes',
    type: 'gauge',
    help: 'Room on the disk of the data directory.',
    labels: NONE,
  },
  {
    name: 'holdfast_disk_size_bytes',
    type: 'gauge',
    help: 'Size of the disk of the data directory.',
    labels: NONE,
  },
  {
    name: 'holdfast_persist_seconds',
    type: 'histogram',
    help: 'How long a turn took to be written; with `sync` until it survives a power cut.',
    labels: { sync: oneOf('yes', 'no') },
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  {
    name: 'holdfast_store_failures_total',
    type: 'counter',
    help: 'How often the store failed and had to be opened again.',
    labels: NONE,
  },
  {
    name: 'holdfast_store_damage',
    type: 'gauge',
    help: 'Records of the store that were found damaged since the process started; 100 are told apart at most.',
    labels: NONE,
  },
  {
    name: 'holdfast_core_faults_total',
    type: 'counter',
    help: 'Faults of the core after which the sidecar started anew inside.',
    labels: NONE,
  },
  {
    name: 'holdfast_queue_depth',
    type: 'gauge',
    help: 'How much is in a queue now; of `calls` and `streams`, of the token that has most.',
    labels: { queue },
  },
  {
    name: 'holdfast_queue_capacity',
    type: 'gauge',
    help: 'How much there may be in it; of `calls` and `streams`, of one token.',
    labels: { queue },
  },
  {
    name: 'holdfast_queue_drops_total',
    type: 'counter',
    help: 'What found no room, or was pushed out, and was refused.',
    labels: { queue },
  },
] as const satisfies readonly MetricDefinition[];
