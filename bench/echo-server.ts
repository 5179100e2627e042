// The peer of the heartbeat benchmark: a bare connect-node server that parses the same message and answers the same response.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { Ack } from '../src/gen/holdfast/v1/common_pb.ts';
import { HeartbeatService } from '../src/gen/holdfast/v1/heartbeat_pb.ts';

const server = createServer(
  connectNodeAdapter({
    routes: (router) => {
      router.service(HeartbeatService, {
        heartbeat: () => ({ receivedAt: timestampNow(), ack: Ack.MEMORY, pendingCommands: 0 }),
      });
    },
  }),
);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
