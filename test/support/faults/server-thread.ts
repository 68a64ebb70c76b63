import { Worker } from 'node:worker_threads';

/** A server that knows `SV_INFO`, fences and any other command, each of which succeeds. */
const program = `
const { parentPort } = require('node:worker_threads');
const { WebSocketServer } = require('ws');
const info = '{"SV_INFO_RSP":{"st":1,"serverVersion":"0.7.2","persistEnabled":false}}';
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => socket.on('message', (data) => {
  const [name] = Object.keys(JSON.parse(data));
  const isOverhead = name === 'SV_INFO' || /^SH_\\d/.test(name);
  if (!isOverhead) parentPort.postMessage({ received: name });
  socket.send(name === 'SV_INFO' ? info : JSON.stringify({ [name + '_RSP']: { st: isOverhead ? 10 : 1 } }));
}));
server.on('listening', () => parentPort.postMessage({ port: server.address().port }));
`;

/** A server in a thread of its own, which answers while the test's own thread is busy. */
export class ServerThread implements AsyncDisposable {
  /** The commands that it received. They are counted in turns after it has answered them. */
  readonly received: string[] = [];

  private constructor(
    private readonly worker: Worker,
    readonly url: string,
  ) {
    worker.on('message', ({ received }: { readonly received: string }) => this.received.push(received));
  }

  static async start(): Promise<ServerThread> {
    const worker = new Worker(program, { eval: true });
    const { port } = await new Promise<{ readonly port: number }>((resolve) => worker.once('message', resolve));
    return new ServerThread(worker, `ws://127.0.0.1:${port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate();
  }
}
