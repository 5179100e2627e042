// GET / and the files it needs: the dashboard, which is public, holds no data, and may load nothing from anywhere else.
import {
  type ApiRequest,
  type ApiResponse,
  type HeaderFields,
  sendBody,
} from '../calls/respond.ts';

/** A file of the dashboard as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** In quotes, as HTTP spells it: another one for other bytes. */
  readonly etag: string;
}

/** The dashboard of this sidecar. */
export interface PageFiles {
  /** Paths that are files of it, `/` first. */
  readonly paths: ReadonlySet<string>;
  /** Resolves to undefined where it was not built. Rejects for a fault of ours. */
  read(path: string): Promise<PageFile | undefined>;
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

/** No other host, no script or style in the page itself, no frame around it, no address of it told to others. */
const PAGE_RULES: HeaderFields = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // Kept, and asked for again each time: a sidecar that was upgraded shows its own page.
  'cache-control': 'no-cache',
};

/** Answers, sooner or later, if the path is one of the dashboard; otherwise false, and nothing was sent. */
export function servePageFile(
  pages: PageFiles,
  path: string,
  request: ApiRequest,
  response: ApiResponse,
  reportFault: (error: unknown) => void,
): boolean {
  if (!pages.paths.has(path)) return false;
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendBody(response, 405, { ...TEXT, allow: 'GET, HEAD' }, `${path} only answers GET.\n`);
    return true;
  }
  pages.read(path).then(
    (file) => sendFile(file, request, response),
    (error: unknown) => {
      reportFault(error);
      if (response.destroyed || response.headersSent) return;
      sendBody(response, 500, TEXT, 'The dashboard could not be read. The log says why.\n');
    },
  );
  return true;
}

function sendFile(file: PageFile | undefined, request: ApiRequest, response: ApiResponse): void {
  if (response.destroyed || response.headersSent) return;
  if (file === undefined) {
    const advice = 'The dashboard was not built here. `npm run dashboard` builds it.\n';
    sendBody(response, 404, TEXT, advice);
    return;
  }
  const headers = { ...PAGE_RULES, etag: file.etag };
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  sendBody(response, 200, { ...headers, 'content-type': file.contentType }, file.body);
}
