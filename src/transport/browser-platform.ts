import type { DialOptions, Platform, PlatformSocket, SocketListener } from './platform.js';

function dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket {
  const socket = new WebSocket(url);
  let unopened: ReturnType<typeof setTimeout> | undefined = setTimeout(() => {
    terminate();
    listener.closed({ code: 1006, reason: `no answer within ${options.connectTimeout} ms` });
  }, options.connectTimeout);
  const settled = () => {
    clearTimeout(unopened);
    unopened = undefined;
  };
  socket.onopen = () => {
    settled();
    listener.opened();
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string') listener.binary();
    // A browser hands over a message whole, so this bound limits what is parsed, not what is received.
    else if (data.length > options.maxReply) end(1009, 'the reply is longer than maxReply');
    else listener.frame(data);
  };
  socket.onclose = ({ code, reason }) => {
    settled();
    listener.closed({ code, reason });
  };
  function terminate(): void {
    settled();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
  function end(code: number, reason: string): void {
    terminate();
    listener.closed({ code, reason });
  }
  return {
    write(frames) {
      for (const frame of frames) socket.send(frame);
    },
    close: (code) => socket.close(code),
    terminate,
  };
}

/** Browsers, and every platform with the standard `WebSocket`. No pings there: `SV_INFO` takes their place. */
export const browserPlatform: Platform = { dial };
