// HeartbeatService, FleetService and MeshService of the fake sidecar.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { Ack, Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import { FleetService } from '../../src/gen/holdfast/v1/fleet_pb.ts';
import { HeartbeatService } from '../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { MeshService } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { FAKE_NOW_MS, notFound, pageOf } from './fake-values.ts';

export function heartbeatRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(HeartbeatService, {
    heartbeat: (request, { requestHeader }) => {
      sidecar.enter('heartbeat', request, requestHeader);
      sidecar.heartbeats.push(request);
      const pending = [...sidecar.commands.values()].filter(
        ({ state }) => state === CommandState.PENDING,
      );
      return {
        receivedAt: timestampFromMs(FAKE_NOW_MS),
        ack: request.ack || Ack.MEMORY,
        pendingCommands: pending.length,
      };
    },
  });
}

export function fleetRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(FleetService, {
    listPlatforms: (request, { requestHeader }) => {
      sidecar.enter('listPlatforms', request, requestHeader);
      const { page, nextPageToken } = pageOf(sidecar.platforms, request);
      return { platforms: page, nextPageToken };
    },
    getPlatform: (request, { requestHeader }) => {
      sidecar.enter('getPlatform', request, requestHeader);
      const platform = sidecar.platforms.find(({ agent }) => agent === request.agent);
      if (platform === undefined) throw notFound(`platform ${request.agent}`);
      return { platform };
    },
    listDeployments: (request, { requestHeader }) => {
      sidecar.enter('listDeployments', request, requestHeader);
      const deployments = [...sidecar.documents.values()]
        .filter(({ collection }) => collection === 'deployments')
        .map((document) => {
          const [agent = '', name = ''] = document.id.split(':');
          const { version, state } = document.value ?? {};
          return {
            agent,
            package: name,
            version: String(version),
            state: String(state),
            value: document.value ?? {},
            ...(document.freshness === undefined ? {} : { freshness: document.freshness }),
          };
        })
        .filter(({ agent }) => request.agent === '' || agent === request.agent);
      return { deployments };
    },
    getReach: (request, { requestHeader }) => {
      sidecar.enter('getReach', request, requestHeader);
      return sidecar.reach;
    },
    summary: (request, { requestHeader }) => {
      sidecar.enter('summary', request, requestHeader);
      const alive = { presence: Presence.ALIVE, agents: sidecar.platforms.length };
      const versions = [{ name: 'agent', value: '1.4.2', agents: sidecar.platforms.length }];
      return { agents: sidecar.platforms.length, presences: [alive], versions };
    },
    findPackage: (request, { requestHeader }) => {
      sidecar.enter('findPackage', request, requestHeader);
      return { holders: sidecar.holders };
    },
  });
}

export function meshRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(MeshService, {
    status: (request, { requestHeader }) => {
      sidecar.enter('status', request, requestHeader);
      return sidecar.status;
    },
    listPeers: (request, { requestHeader }) => {
      sidecar.enter('listPeers', request, requestHeader);
      return { peers: sidecar.peers };
    },
    addPeer: (request, { requestHeader }) => {
      sidecar.enter('addPeer', request, requestHeader);
      return { added: !sidecar.peers.some(({ address }) => address === request.address) };
    },
    removePeer: (request, { requestHeader }) => {
      sidecar.enter('removePeer', request, requestHeader);
      if (!sidecar.peers.some(({ address }) => address === request.address))
        throw notFound(`peer ${request.address}`);
      return {};
    },
    pause: (request, { requestHeader }) => {
      sidecar.enter('pause', request, requestHeader);
      return { linksClosed: 2 };
    },
    resume: (request, { requestHeader }) => {
      sidecar.enter('resume', request, requestHeader);
      return {};
    },
    setReceiveOnly: (request, { requestHeader }) => {
      sidecar.enter('setReceiveOnly', request, requestHeader);
      return { changed: request.on };
    },
  });
}
