import type { DialOptions, Platform, PlatformSocket, SocketListener } from './platform.js';

function dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket {
  const socket = new WebSocket(url);
  const silence = () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
  };
  socket.onopen = () => listener.opened();
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string') listener.binary();
    else if (data.length <= options.maxReply) listener.frame(data);
    else {
      // A browser hands over a message whole, so this bound limits what is parsed, not what is received.
      silence();
      socket.close();
      listener.closed({ code: 1009, reason: 'the reply is longer than maxReply' });
    }
  };
  socket.onclose = ({ code, reason }) => listener.closed({ code, reason });
  // Says nothing that the close event does not; some implementations throw what nobody listens to.
  socket.onerror = () => {};
  return {
    write(frames) {
      for (const frame of frames) socket.send(frame);
    },
    close: (code) => socket.close(code),
    terminate() {
      silence();
      socket.close();
    },
  };
}

/** Browsers, and every platform with the standard `WebSocket`. No pings there: `SV_INFO` takes their place. */
export const platform: Platform = { dial };
