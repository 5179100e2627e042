// Metrics of the process: what it is, whether it is ready, how it feels.

import { NOT_READY } from '../not-ready.ts';
import { constant, type MetricDefinition, oneOf } from './definition.ts';

const NONE = {} as const;
/** The types of Node that a sidecar has, by names of ours; what comes with a later Node is `other`. */
const RESOURCE_TYPES = [
  ...(['timer', 'tcp_socket', 'tcp_server', 'pipe', 'udp_socket'] as const),
  ...(['file_request', 'name_lookup', 'other'] as const),
] as const;

export const OF_SIDECAR = [
  {
    name: 'holdfast_build_info',
    type: 'gauge',
    help: 'Always 1; its labels say which version runs.',
    labels: { version: constant('of holdfast'), protocol: constant('newest that links speak') },
  },
  {
    name: 'holdfast_start_timestamp_seconds',
    type: 'gauge',
    help: 'When the process started, in seconds since 1970 by its own clock.',
    labels: NONE,
  },
  {
    name: 'holdfast_ready',
    type: 'gauge',
    help: '1 while the sidecar is ready, as `/readyz` says; 0 otherwise.',
    labels: NONE,
  },
  {
    name: 'holdfast_not_ready',
    type: 'gauge',
    help: '1 for each reason for which the sidecar is not ready; 0 for the others.',
    labels: { reason: oneOf(...(Object.keys(NOT_READY) as (keyof typeof NOT_READY)[]), 'other') },
  },
  {
    name: 'holdfast_warnings',
    type: 'gauge',
    help: 'Sentences that `holdfast status` has for the operator.',
    labels: NONE,
  },
  {
    name: 'holdfast_agents',
    type: 'gauge',
    help: 'Agents that this sidecar serves.',
    labels: NONE,
  },
  {
    name: 'holdfast_clock_suspect',
    type: 'gauge',
    help: '1 while the own clock is not believed, so that no command is started; 0 otherwise.',
    labels: NONE,
  },
  {
    name: 'holdfast_event_loop_delay_seconds',
    type: 'histogram',
    help: 'How late a timer fired that is due four times a second: what anything that arrives has to wait.',
    labels: NONE,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  {
    name: 'holdfast_process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the process.',
    labels: NONE,
  },
  {
    name: 'holdfast_process_heap_used_bytes',
    type: 'gauge',
    help: 'Heap of JavaScript in use, with what the collector has not taken yet.',
    labels: NONE,
  },
  {
    name: 'holdfast_process_external_memory_bytes',
    type: 'gauge',
    help: 'Memory beside the heap that belongs to objects of it: buffers, and the WebAssembly in which live documents are.',
    labels: NONE,
  },
  {
    name: 'holdfast_active_resources',
    type: 'gauge',
    help: 'Timers, sockets, servers and requests to the system that keep the process running; `pipe` are Unix sockets too.',
    labels: { type: oneOf(...RESOURCE_TYPES) },
  },
  {
    name: 'holdfast_process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of the process, user and system.',
    labels: NONE,
  },
] as const satisfies readonly MetricDefinition[];
