// An enrolment desk whose answers a test writes; what was asked is kept.
import type {
  EnrolmentControl,
  TokenInfo,
  TokenWish,
} from '../../../../src/sidecar/api/controls/enrolment-control.ts';

export const TOKEN_INFO: TokenInfo = {
  id: '0a1b2c3d',
  name: 'edge-7',
  roles: ['agent'],
  agents: ['edge-7'],
  state: 'open',
  createdMs: 1_800_000_000_000,
  expiresMs: 1_800_003_600_000,
  nodeId: '',
  code: '',
};

export class FakeEnrolment implements EnrolmentControl {
  rows: TokenInfo[] = [TOKEN_INFO];
  /** Undefined while an operator has to approve it. */
  reply: Uint8Array | undefined = Uint8Array.of(1, 2, 3);
  readonly asked: unknown[] = [];

  async create(wish: TokenWish): Promise<{ token: string; info: TokenInfo }> {
    this.asked.push(wish);
    return { token: 'holdfast1e_fake', info: TOKEN_INFO };
  }

  async list(): Promise<readonly TokenInfo[]> {
    return this.rows;
  }

  async revoke(id: string): Promise<TokenInfo> {
    this.asked.push({ revoke: id });
    return TOKEN_INFO;
  }

  async approve(id: string, code: string): Promise<TokenInfo> {
    this.asked.push({ approve: id, code });
    return { ...TOKEN_INFO, state: 'spent', nodeId: 'device-node' };
  }

  async grant(request: Uint8Array): Promise<Uint8Array | undefined> {
    this.asked.push({ grant: request });
    return this.reply;
  }

  async regrant(
    name: string,
    more: { readonly agents: readonly string[]; readonly roles: readonly string[] },
  ): Promise<{ generation: number; expiresMs: number }> {
    this.asked.push({ regrant: name, ...more });
    return { generation: 2, expiresMs: TOKEN_INFO.expiresMs };
  }

  async rotateKey(): Promise<{ nodeId: string; isCertified: boolean }> {
    this.asked.push('rotate the key');
    return { nodeId: 'next-node', isCertified: this.reply !== undefined };
  }
}
