// ConfigService of the fake sidecar: entries and states of agents that a test puts there.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  type ConfigEntrySchema,
  ConfigService,
  type ConfigStatusSchema,
  type DesiredConfigSchema,
} from '../../src/gen/holdfast/v1/config_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { notFound, pageOf } from './fake-values.ts';

export class FakeConfigs {
  entries: MessageInitShape<typeof ConfigEntrySchema>[] = [];
  agents: MessageInitShape<typeof ConfigStatusSchema>[] = [];
  desired: MessageInitShape<typeof DesiredConfigSchema> = {};
}

export function configRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const { configs } = sidecar;
  router.service(ConfigService, {
    set: (request, { requestHeader }) => {
      sidecar.enter('setConfig', request, requestHeader);
      const { name, agent, selector, role, patch, priority = 5, secrets } = request;
      const before = configs.entries.find((one) => one.name === name && one.agent === agent);
      const isSame = JSON.stringify(before?.patch) === JSON.stringify(patch);
      const version = (before?.version ?? 0) + (isSame ? 0 : 1);
      const entry = { name, agent, selector, role, patch: patch ?? {}, priority, version };
      return {
        entry: { ...entry, revision: `revision-${version}`, requestedBy: 'hub/admin' },
        changed: !isSame,
        readers: secrets.length === 0 ? [] : ['edge-a', 'hub'],
      };
    },
    list: (request, { requestHeader }) => {
      sidecar.enter('listConfigs', request, requestHeader);
      const { page, nextPageToken } = pageOf(configs.entries, request);
      return { entries: page, nextPageToken };
    },
    delete: (request, { requestHeader }) => {
      sidecar.enter('deleteConfig', request, requestHeader);
      const isThere = configs.entries.some(
        ({ name, agent = '' }) => name === request.name && agent === request.agent,
      );
      if (!isThere) throw notFound(`entry "${request.name}"`);
      return { revisions: 2 };
    },
    getDesired: (request, { requestHeader }) => {
      sidecar.enter('getDesired', request, requestHeader);
      return { desired: { ...configs.desired, agent: request.agent } };
    },
    listStatus: (request, { requestHeader }) => {
      sidecar.enter('listConfigStatus', request, requestHeader);
      const isAsked = ({ agent = '', state = 0 }: (typeof configs.agents)[number]): boolean =>
        (request.agent === '' || agent === request.agent) &&
        (request.states.length === 0 || request.states.includes(state));
      const { page, nextPageToken } = pageOf(configs.agents.filter(isAsked), request);
      return { agents: page, nextPageToken };
    },
  });
}
