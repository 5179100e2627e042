// A device at the door that keeps no rule: it asks with tokens that it has, found, guessed or bent, and looks at what it gets.
import {
  encodeRequest,
  fromHex,
  type JoinReply,
  type JoinRequest,
  openReply,
  parseToken,
  type Token,
} from '../../../src/core/index.ts';
import {
  askToEnrol,
  createLanTransport,
  type EnrolReply,
  type EnrolRequest,
  type Link,
  type Transport,
} from '../../../src/mesh/index.ts';
import { decodeEnrolRequest, encodeEnrolReply } from '../../../src/mesh/protocol/index.ts';
import { parseBase32 } from '../../../src/sidecar/identity/base32.ts';
import { certifiedKeys } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto, sodiumSealedBox } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';
import { type KeyHolder, keyHolder } from '../../support/fleet.ts';

const { clock, timers, random } = systemEnvironment;
/** Seconds each: more than any answer takes here. */
const MAX_ROUNDS = 10;

/** A token as somebody has it who holds its text. */
export function readToken(text: string): Token {
  const token = parseToken(text, { hash: sodiumCrypto, fromBase32: parseBase32 });
  if (typeof token === 'string') throw new Error(token);
  return token;
}

/** Has a hub make a token. */
export async function tokenOf(
  hub: RunningSidecar,
  name: string,
  more: { readonly addresses?: string[]; readonly approve?: boolean } = {},
): Promise<{ readonly text: string; readonly id: string; readonly token: Token }> {
  const { token, info } = await hub.call('EnrolmentService/CreateToken', {
    ...{ name, roles: ['agent'], addresses: [hub.meshAddress], ...more },
  });
  const text = String(token);
  return { text, id: String((info as { id: string }).id), token: readToken(text) };
}

export class Stranger implements AsyncDisposable {
  readonly who: KeyHolder = keyHolder('stranger', random.bytes(32));
  readonly #transport: Transport;

  constructor() {
    this.#transport = createLanTransport({
      ...{ host: '127.0.0.1', port: 0, keyPair: this.who.nodeKey.noise, timers },
    });
  }

  /** Its request, sealed for the hub of the token. `more`: what it says otherwise. */
  request(
    token: Token,
    more: Partial<JoinRequest> & { readonly secret?: Uint8Array } = {},
  ): EnrolRequest {
    const { secret = token.secret, ...said } = more;
    const keys = certifiedKeys(this.who.nodeKey);
    const plain = encodeRequest(
      { tokenId: token.tokenId, madeAtMs: clock.now().wallMs, ...keys, ...said },
      { secret, signer: this.who.signer, hash: sodiumCrypto },
    );
    return { hub: token.hub, sealed: sodiumSealedBox.seal(fromHex(token.hubSealingKey), plain) };
  }

  /** One request, one answer. */
  ask(address: string, request: EnrolRequest): Promise<EnrolReply> {
    const { signal } = new AbortController();
    return askToEnrol(request, { transport: this.#transport, address, timers, signal });
  }

  /** Asks until the answer is one: a crowd at the door, and letters, take their time. */
  async askUntilAnswered(address: string, request: EnrolRequest): Promise<EnrolReply> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const reply = await this.ask(address, request);
      if (reply.state === 'granted' || reply.state === 'refused') return reply;
      // As a device does that keeps to the rules.
      await new Promise<void>((resolve) => timers.after(reply.retryAfterMs, resolve));
    }
    throw new Error(`no answer in ${MAX_ROUNDS} rounds`);
  }

  /** What a granted reply says, or why it is not believed. */
  open(token: Token, { sealed }: EnrolReply): JoinReply | string {
    const plain = sodiumSealedBox.open(this.who.nodeKey.sealing, sealed);
    return plain === undefined
      ? 'it is sealed for another'
      : openReply(plain, token.secret, sodiumCrypto);
  }

  dial(address: string): Promise<Link> {
    return this.#transport.dial(address, new AbortController().signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#transport.close();
  }
}

/** Somebody at an address of a token who answers requests as it likes. */
export class FalseHub implements AsyncDisposable {
  readonly #transport: Transport;
  address = '';
  /** Requests that came, oldest first. */
  readonly asked: EnrolRequest[] = [];

  private constructor() {
    const { nodeKey } = keyHolder('false hub', random.bytes(32));
    this.#transport = createLanTransport({
      ...{ host: '127.0.0.1', port: 0, keyPair: nodeKey.noise, timers },
    });
  }

  static async listen(
    answer: (request: EnrolRequest) => EnrolReply | Promise<EnrolReply>,
  ): Promise<FalseHub> {
    const self = new FalseHub();
    self.address = await self.#transport.listen({
      onLink: (link) =>
        link.attach({
          onFrame: (frame) => {
            const request = decodeEnrolRequest(frame);
            self.asked.push(request);
            void Promise.resolve(answer(request)).then((reply) => {
              link.send(encodeEnrolReply(reply));
              link.close();
            });
          },
          onDrain: () => {},
          onClose: () => {},
        }),
      onRefused: () => {},
    });
    return self;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#transport.close();
  }
}

export function granted(sealed: Uint8Array): EnrolReply {
  return { state: 'granted', sealed, retryAfterMs: 0, reason: '', message: '' };
}
