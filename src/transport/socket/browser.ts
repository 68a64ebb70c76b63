import { defer, fromEvent, NEVER } from 'rxjs';
import type { DialOptions, Platform, PlatformSocket, SocketListener } from './platform.js';

function dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket {
  const { maxReply, headers, tls, agent } = options;
  if (headers !== undefined || tls !== undefined || agent !== undefined) {
    throw new TypeError('A browser connects without headers, tls and agent of its own: leave these options out');
  }
  const socket = new WebSocket(url);
  const terminate = () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  };
  socket.onopen = () => listener.opened();
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string') listener.binary();
    else if (data.length <= maxReply) listener.frame(data);
    else {
      // A browser hands over a message whole, so this bound limits what is parsed, not what is received.
      terminate();
      listener.closed({ code: 1009, reason: '', replyTooLong: true });
    }
  };
  socket.onclose = ({ code, reason }) => listener.closed({ code, reason });
  // It says nothing that the close event does not. Some implementations throw an error that nobody listens to.
  socket.onerror = () => {};
  return { send: (text) => socket.send(text), close: (code) => socket.close(code), terminate };
}

// Not every platform with a `WebSocket` has events of the network.
const online$ = defer(() =>
  'addEventListener' in globalThis ? fromEvent(globalThis as unknown as EventTarget, 'online') : NEVER,
);

// Workers have no document, and Node's types do not know it.
const visibility$ = defer(() => {
  const { document } = globalThis as { readonly document?: EventTarget };
  return document === undefined ? NEVER : fromEvent(document, 'visibilitychange');
});

/** Browsers, and every platform with the standard `WebSocket`. They have no pings: `SV_INFO` takes their place. */
export const platform: Platform = { dial, online$, visibility$ };
