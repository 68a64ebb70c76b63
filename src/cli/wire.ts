import { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { CommandFailure, exitStatus } from './exit-status.js';

/**
 * Sends one frame as it stands and emits every frame that comes back. Errors if there is no server or it closes the
 * connection. Unsubscribing drops the connection.
 */
export function exchange(url: string, request: string): Observable<string> {
  return new Observable((subscriber) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('open', () => socket.send(request));
    socket.on('message', (data) => subscriber.next(String(data)));
    socket.on('error', ({ message }) => subscriber.error(unreachable(`There is no connection to ${url}: ${message}.`)));
    socket.on('close', (code) => subscriber.error(unreachable(closed(code))));
    return () => socket.terminate();
  });
}

const unreachable = (message: string) => new CommandFailure(message, 'NDB_CONNECTION', exitStatus.unreachable);

function closed(code: number): string {
  // A NemesisDB drops the connection over a request that is too long, without a close frame.
  const isTooLong = code === 1009 || code === 1006;
  const reason = isTooLong ? ' It does so if a request is longer than its maxPayload, 1024 bytes by default.' : '';
  return `The server closed the connection (${code}).${reason}`;
}
