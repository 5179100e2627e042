// A transport that shows every message its links are given, before it is sent: for counting what a mesh says.
import type { Link, Transport } from '../src/mesh/index.ts';
import { FrameReader, type Message } from '../src/mesh/protocol/index.ts';

export function tapTransport(
  transport: Transport,
  onMessage: (message: Message) => void,
): Transport {
  return {
    listen: (handlers) =>
      transport.listen({
        ...handlers,
        onLink: (link) => handlers.onLink(tapLink(link, onMessage)),
      }),
    dial: async (address, signal) => tapLink(await transport.dial(address, signal), onMessage),
    close: () => transport.close(),
  };
}

function tapLink(link: Link, onMessage: (message: Message) => void): Link {
  const reader = new FrameReader();
  const { initiator, remoteAddress, path, remoteNoiseKey, handshakeHash } = link;
  return {
    initiator,
    remoteAddress,
    path,
    remoteNoiseKey,
    handshakeHash,
    get bytesReceived() {
      return link.bytesReceived;
    },
    get bytesSent() {
      return link.bytesSent;
    },
    attach: (handlers) => link.attach(handlers),
    send: (frame) => {
      onMessage(reader.decode(frame));
      return link.send(frame);
    },
    close: () => link.close(),
    destroy: (reason) => link.destroy(reason),
  };
}
