// Waits until a client has taken what was written for it.
import type { ApiResponse } from './respond.ts';

/** Resolves when more is welcome, or when `gone` fires. */
export function drained(response: ApiResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle);
      gone.removeEventListener('abort', settle);
      resolve();
    };
    response.once('drain', settle);
    if (gone.aborted) settle();
    else gone.addEventListener('abort', settle);
  });
}
