// HTTP/1.1 connections with the answers that are due on them, so that a stop closes each as soon as nothing is due.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export class Http1Connections {
  readonly #dueBySocket = new Map<Socket, Set<ServerResponse>>();
  #closing = false;

  add(socket: Socket): void {
    this.#dueBySocket.set(socket, new Set());
    socket.once('close', () => this.#dueBySocket.delete(socket));
  }

  /** An answer is due until its response closes. */
  track(socket: Socket, response: ServerResponse): void {
    const due = this.#dueBySocket.get(socket);
    if (due === undefined) return;
    due.add(response);
    if (this.#closing) response.setHeader('connection', 'close');
    response.once('close', () => {
      due.delete(response);
      if (this.#closing && due.size === 0) socket.destroySoon();
    });
  }

  /** True when the head of an answer is out, so that nothing else may be written. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#dueBySocket.get(socket) ?? [])].some((response) => response.headersSent);
  }

  /** Closes idle connections now, the others once their answers are out. */
  close(): void {
    this.#closing = true;
    for (const [socket, due] of this.#dueBySocket) {
      if (due.size === 0) socket.destroySoon();
      for (const response of due) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
    }
  }
}
