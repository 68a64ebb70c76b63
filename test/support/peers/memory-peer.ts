import type { VirtualClock } from '../clocks/virtual-clock.js';
import type { FakeSocket, Peer } from './fake-platform.js';
import {
  type ConnectionScript,
  drops,
  execute,
  faultless,
  inTurn,
  type Ledger,
  type ServerScript,
} from './scripted-peer.js';

/** The requests of the handshake: two of `SV_INFO`, and two fences. */
const handshake = 4;

/** One connection as its server sees it. */
interface Served {
  readonly script: ConnectionScript;
  requests: number;
  replies: number;
  /** When the server has done what it was sent so far. */
  busyUntil: number;
  cut: boolean;
}

/**
 * A scripted server in memory. It goes on executing what reached it after its client has gone: as a real one does, and
 * the reason why a request that was written can never be said not to have been sent.
 */
export class MemoryPeer implements Peer {
  readonly #served = new Map<FakeSocket, Served>();

  constructor(
    private readonly script: ServerScript,
    private readonly clock: VirtualClock,
    private readonly ledger: Ledger,
  ) {}

  dialled(socket: FakeSocket): void {
    const script = this.script.connections[this.#served.size] ?? faultless;
    this.#served.set(socket, { script, requests: 0, replies: 0, busyUntil: 0, cut: false });
    this.clock.schedule(() => (script.refused ? socket.end() : socket.open()), 1);
  }

  wrote(socket: FakeSocket, frames: readonly string[]): void {
    const served = this.#of(socket);
    for (const text of frames) {
      const number = served.requests++;
      const stall = inTurn(served.script.stalls, number);
      // The handshake is answered in order by every server.
      const mayOvertake = this.script.manners.type === 'ids' && number >= handshake;
      const doneAt = Math.max(mayOvertake ? 0 : served.busyUntil, this.clock.now()) + stall;
      served.busyUntil = Math.max(served.busyUntil, doneAt);
      this.clock.schedule(() => this.#serve(socket, served, number, text), doneAt - this.clock.now());
    }
  }

  pinged(socket: FakeSocket): void {
    const { busyUntil, cut } = this.#of(socket);
    if (!cut) this.clock.schedule(() => socket.pong(), Math.max(0, busyUntil - this.clock.now()));
  }

  closing(socket: FakeSocket): void {
    const { busyUntil } = this.#of(socket);
    this.clock.schedule(() => socket.end({ code: 1000 }), Math.max(1, busyUntil - this.clock.now()));
  }

  #serve(socket: FakeSocket, served: Served, number: number, text: string): void {
    if (served.cut) return;
    const {
      script,
      script: { cut },
    } = served;
    const isCut = cut?.at === number;
    if (isCut && !cut.executed) {
      served.cut = true;
      socket.end();
      return;
    }
    const reply = execute(text, this.script.manners, this.ledger);
    if (isCut) {
      served.cut = true;
      socket.end();
    } else if (reply !== undefined && !drops(script, this.script.manners, served.replies++)) socket.frame(reply);
  }

  #of(socket: FakeSocket): Served {
    const served = this.#served.get(socket);
    if (served === undefined) throw new Error('a socket that was never dialled');
    return served;
  }
}
