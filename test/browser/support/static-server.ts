/** Serves files of this package to a browser, as a static web server would, and pages that exist only in a test. */
import { readFile, stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.html': 'text/html', '.css': 'text/css' };

/** Something that is served: its path, such as `/page.js`, and its content. */
export type Pages = Readonly<Record<string, string>>;

export interface StaticServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  close(): void;
}

export async function serveStatic(pages: Pages): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const page = path === '/favicon.ico' ? '' : pages[path];
    if (page !== undefined) return send(response, path, page);
    const file = await fileAt(path);
    if (file === undefined) return void response.writeHead(404).end();
    // Imports inside a module are relative to where it really is.
    if (file !== path) return void response.writeHead(302, { location: file }).end();
    return send(response, file, await readFile(root + file, 'utf8'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The file of a module's path. Some packages leave out the extension, or name a folder. */
async function fileAt(path: string): Promise<string | undefined> {
  for (const candidate of [path, `${path}.js`, `${path}/index.js`]) {
    const isFile = await stat(root + candidate).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return candidate;
  }
  return undefined;
}

function send(response: ServerResponse, path: string, content: string): void {
  response.writeHead(200, { 'content-type': `${types[extname(path)] ?? 'text/html'}; charset=utf-8` }).end(content);
}
