// A transport that shows every frame its links are given, before it is sent: for counting what a mesh says.
import type { Link, Transport } from '../src/mesh/index.ts';

export function tapTransport(
  transport: Transport,
  onFrame: (frame: Uint8Array) => void,
): Transport {
  return {
    listen: (handlers) =>
      transport.listen({ ...handlers, onLink: (link) => handlers.onLink(tapLink(link, onFrame)) }),
    dial: async (address, signal) => tapLink(await transport.dial(address, signal), onFrame),
    close: () => transport.close(),
  };
}

function tapLink(link: Link, onFrame: (frame: Uint8Array) => void): Link {
  const { initiator, remoteAddress, remoteNoiseKey, handshakeHash } = link;
  return {
    initiator,
    remoteAddress,
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
      onFrame(frame);
      return link.send(frame);
    },
    close: () => link.close(),
    destroy: (reason) => link.destroy(reason),
  };
}
