import type { IncomingMessage, ServerResponse } from 'node:http';

/** What plain HTTP requests are answered from. */
export interface HttpPages {
  /** Whether commands can be executed. */
  isReady(): boolean;
  /** Whether the `Authorization` header allows to read metrics. */
  isAuthorized(header: string | undefined): boolean;
  metrics(): Promise<string>;
}

type Page = readonly [status: number, text: string];

const notHere: Page = [426, 'This is a NemesisDB server: connect to it by WebSocket.\n'];
const unavailable: Page = [503, 'The store is unavailable.\n'];

async function pageFor(request: IncomingMessage, pages: HttpPages): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return notHere;
  if (request.url === '/healthz') return pages.isReady() ? [200, 'ok\n'] : unavailable;
  if (request.url !== '/metrics') return notHere;
  if (!pages.isAuthorized(request.headers.authorization)) return [401, 'A bearer token is needed.\n'];
  return [200, await pages.metrics()];
}

/** Answers `/healthz` and `/metrics`. */
export async function answerHttp(request: IncomingMessage, response: ServerResponse, pages: HttpPages): Promise<void> {
  const [status, text] = await pageFor(request, pages).catch(() => unavailable);
  response.writeHead(status, {
    'content-type': 'text/plain; version=0.0.4',
    connection: 'close',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  });
  response.end(text);
}
