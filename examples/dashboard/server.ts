/** What the dashboard needs behind it: a database with shoppers in it, and a web server for the page. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NdbClient } from 'rx-nemesisdb';
import { MemoryStore, NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom, Subject, share, takeUntil, tap } from 'rxjs';
import { type Arrival, shoppers } from './shoppers.js';

export interface DashboardOptions {
  /** The port of the page; 0: any that is free. */
  readonly port: number;
  /** How many shoppers are simulated. */
  readonly shoppers: number;
}

/** A running dashboard. */
export interface Dashboard {
  /** The page. */
  readonly url: string;
  /** The database that the page connects to. */
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** As many arrivals are kept for pages that are opened later. Most sessions before these are over. */
const keptArrivals = 4000;

export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const page = await bundlePage();
  const web = createServer();
  const origin = `http://127.0.0.1:${await listen(web, options.port)}`;
  const database = await Database.start(origin);
  const client = new NdbClient();
  await firstValueFrom(client.open(database.url));

  const closed$ = new Subject<void>();
  const arrivals: Arrival[] = [];
  const arrivals$ = shoppers(client, options.shoppers).pipe(
    tap((arrival) => {
      arrivals.push(arrival);
      if (arrivals.length > keptArrivals) arrivals.shift();
    }),
    takeUntil(closed$),
    share(),
  );
  arrivals$.subscribe();

  /** Server-sent events: the sessions there are, then each new one. */
  const sendArrivals = (response: ServerResponse): void => {
    const send = ({ tkn, name }: Arrival) => response.write(`data: ${JSON.stringify({ tkn: `${tkn}`, name })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    arrivals.forEach(send);
    const subscription = arrivals$.subscribe({ next: send, complete: () => response.end() });
    response.on('close', () => subscription.unsubscribe());
  };

  web.on('request', async (request, response) => {
    switch (`${request.method} ${request.url?.split('?')[0]}`) {
      case 'GET /':
        return respond(response, 'text/html', page.html.replace('{{database}}', database.url));
      case 'GET /page.js':
        return respond(response, 'text/javascript', page.script);
      case 'GET /page.css':
        return respond(response, 'text/css', page.style);
      case 'GET /arrivals':
        return sendArrivals(response);
      case 'POST /database/stop':
      case 'POST /database/start':
        if (!isOwnPage(request)) return void response.writeHead(403).end();
        await (request.url === '/database/stop' ? database.stop() : database.run());
        return void response.writeHead(204).end();
      default:
        return void response.writeHead(404).end();
    }
  });

  return {
    url: `${origin}/`,
    databaseUrl: database.url,
    async close() {
      closed$.next();
      web.closeAllConnections();
      web.close();
      await firstValueFrom(client.close(), { defaultValue: undefined });
      await database.stop();
    },
  };
}

/** An embedded server that can be stopped and started again at the same port, with the sessions that it had. */
class Database {
  readonly #store = new MemoryStore();
  #server: NdbServer | undefined;

  private constructor(
    private readonly origin: string,
    private port: number,
  ) {}

  static async start(origin: string): Promise<Database> {
    const database = new Database(origin, 0);
    await database.run();
    return database;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  async run(): Promise<void> {
    this.#server ??= await NdbServer.listen({ port: this.port, allowOrigin: this.origin, store: this.#store });
    this.port = this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }
}

/** Other pages may not stop the database. */
const isOwnPage = (request: IncomingMessage): boolean => request.headers['sec-fetch-site'] === 'same-origin';

function respond(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function bundlePage() {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const bundle = await build({
    entryPoints: [path('page/page.ts'), path('page/page.css')],
    tsconfig: path('../../tsconfig.browser.json'), // the package is built for a browser
    outdir: '/',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const output = (ending: string) => bundle.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
  return { html: await readFile(path('page/index.html'), 'utf8'), script: output('.js'), style: output('.css') };
}
