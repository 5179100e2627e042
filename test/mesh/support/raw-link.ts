// Somebody who dials a mesh and says what a test wants, without a session.
import type { FeedPosition } from '../../../src/core/index.ts';
import { FrontierExchange } from '../../../src/mesh/protocol/frontier.ts';
import {
  createHello,
  FrameWriter,
  type Membership,
  type OwnMessage,
} from '../../../src/mesh/protocol/index.ts';
import type { Link } from '../../../src/mesh/transport/transport.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { LinkRecorder, NEVER } from '../../compliance/link-recorder.ts';
import type { MeshNode, MeshWorld } from './mesh-world.ts';
import { FrameText } from './session-text.ts';

const VERSIONS = { versionMin: 1, versionMax: 1, capabilities: 0n };

export class RawLink {
  readonly #link: Link;
  readonly #recorder: LinkRecorder;
  readonly #writer = new FrameWriter();
  readonly #text = new FrameText();

  private constructor(link: Link) {
    this.#link = link;
    this.#recorder = LinkRecorder.attachedTo(link);
  }

  /** Dials a node from an address of its own. */
  static async to(world: MeshWorld, node: MeshNode, from: string): Promise<RawLink> {
    const transport = world.network.transport(from, new Uint8Array(32));
    const dialled = transport.dial(node.address, NEVER);
    await world.pass(50);
    return new RawLink(await dialled);
  }

  say(message: OwnMessage | Uint8Array): void {
    this.#link.send(message instanceof Uint8Array ? message : this.#writer.encode(message));
  }

  sayHello(membership: Membership, versions: Partial<typeof VERSIONS> = {}): void {
    this.say(createHello(membership, { ...VERSIONS, ...versions }, this.#link.handshakeHash, true));
  }

  /** As somebody who holds what is given; here the node holds nothing. */
  sayFrontier(positions: readonly FeedPosition[] = []): void {
    this.say(new FrontierExchange(sodiumCrypto, positions).digest);
  }

  destroy(): void {
    this.#link.destroy('enough');
  }

  get isClosed(): boolean {
    return this.#recorder.closes.length > 0;
  }

  /** What the node said on this link, in words. */
  get heard(): string[] {
    return this.#recorder.frames.map((frame) => this.#text.describe(frame));
  }
}
