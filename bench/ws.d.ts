// What we use of ws; the package brings no types.
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo } from 'node:net';

  export class WebSocketServer extends EventEmitter {
    constructor(options: { readonly host: string; readonly port: number });
    address(): AddressInfo;
  }
}
