// A program: listens to multicast DNS as any stranger on a LAN may, and prints each datagram in hex, one a line, behind `ready`.
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import process from 'node:process';

const PORT = 5353;

function listen(socket: Socket, join: () => void): Promise<void> {
  socket.on('message', (datagram) => process.stdout.write(`${datagram.toString('hex')}\n`));
  return new Promise((resolve, reject) => {
    socket.once('error', reject).bind(PORT, () => {
      join();
      resolve();
    });
  });
}

const own = Object.entries(networkInterfaces()).flatMap(([name, entries = []]) =>
  entries.filter(({ internal }) => !internal).map((entry) => ({ name, ...entry })),
);
const four = createSocket({ type: 'udp4', reuseAddr: true });
await listen(four, () => {
  for (const { family, address } of own) {
    if (family === 'IPv4') four.addMembership('224.0.0.251', address);
  }
});
const six = createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true });
await listen(six, () => {
  for (const { name } of new Map(own.map((entry) => [entry.name, entry])).values()) {
    six.addMembership('ff02::fb', `::%${name}`);
  }
});
process.stdout.write('ready\n');
