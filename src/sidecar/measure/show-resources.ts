// Metrics of what keeps the process running: Node's names for it become a closed set of ours.
import type { LabelsOf, Metrics } from '../metrics/index.ts';

type ResourceType = LabelsOf<'holdfast_active_resources'>['type'];

/** What is not here is `other`. A server at a Unix socket is a `PipeWrap` as its connections are. */
const TYPE_BY_NODE_NAME: Readonly<Record<string, ResourceType>> = {
  Timeout: 'timer',
  TCPSocketWrap: 'tcp_socket',
  TCPServerWrap: 'tcp_server',
  PipeWrap: 'pipe',
  UDPWrap: 'udp_socket',
  FSReqCallback: 'file_request',
  FSReqPromise: 'file_request',
  GetAddrInfoReqWrap: 'name_lookup',
  QueryReqWrap: 'name_lookup',
};
const TYPES: readonly ResourceType[] = [...new Set(Object.values(TYPE_BY_NODE_NAME)), 'other'];

/** `active` has Node's name of each, as often as there is one. All types are shown, those of which there is none with 0. */
export function showActiveResources(metrics: Metrics, active: readonly string[]): void {
  const counts = new Map(TYPES.map((type) => [type, 0]));
  for (const name of active) {
    const type = TYPE_BY_NODE_NAME[name] ?? 'other';
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  for (const [type, count] of counts) metrics.set('holdfast_active_resources', { type }, count);
}
