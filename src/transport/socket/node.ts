import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { encodeTextFrames } from '../../protocol/text-frames.js';
import { masking } from './masking.js';
import type { DialOptions, Platform, PlatformSocket, SocketEnd, SocketListener } from './platform.js';

/** The name of the `diagnostics_channel` that carries the same as `client.activity$`. */
export const activityChannel = 'rx-nemesisdb:activity';

const upgradeRefused = /^Unexpected server response: (\d+)$/;

function dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket {
  const socket = new WebSocket(url, {
    perMessageDeflate: false, // NemesisDB has no compression
    maxPayload: options.maxReply,
  });
  let wire: Socket | undefined;
  let failure: Error | undefined;
  socket.on('upgrade', (response) => {
    wire = response.socket;
  });
  socket.on('open', () => listener.opened());
  socket.on('message', (data, isBinary) => {
    if (isBinary) listener.binary();
    else listener.frame(data.toString());
  });
  socket.on('pong', () => listener.alive());
  socket.on('ping', () => listener.alive());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', (code, reason) => listener.closed(endOf(code, reason.toString(), failure)));
  return {
    write(frames) {
      // Past ws, which would write each frame in two pieces (see `encodeTextFrames`). It holds nothing back that this could
      // overtake: without compression it writes whatever it is given at once, and whole.
      if (socket.readyState === WebSocket.OPEN) wire?.write(encodeTextFrames(frames, masking));
    },
    ping: () => socket.ping(),
    close: (code) => socket.close(code),
    terminate() {
      socket.removeAllListeners();
      // Terminating a socket that is still connecting emits an error; without a listener it would be thrown.
      socket.on('error', () => {});
      socket.terminate();
    },
  };
}

function endOf(code: number, reason: string, failure: Error | undefined): SocketEnd {
  if (failure === undefined) return { code, reason };
  const refused = upgradeRefused.exec(failure.message);
  return {
    code,
    reason: reason === '' ? failure.message : reason,
    cause: failure,
    ...(refused === null ? {} : { httpStatus: Number(refused[1]) }),
  };
}

/** Node: the `ws` package, and `diagnostics_channel`. */
export const platform: Platform = { dial, diagnostics: channel(activityChannel) };
