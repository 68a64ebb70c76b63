import { channel } from 'node:diagnostics_channel';
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { DialOptions, Platform, PlatformSocket, SocketEnd, SocketListener } from './platform.js';

/** The name of the `diagnostics_channel` that carries the same as `client.activity$`. */
export const activityChannel = 'rx-nemesisdb:activity';

const upgradeRefused = /^Unexpected server response: (\d+)$/;

function dial(url: string, options: DialOptions, listener: SocketListener): PlatformSocket {
  const { maxReply, headers, tls, agent } = options;
  const socket = new WebSocket(url, {
    ...tls,
    ...(headers === undefined ? {} : { headers }),
    ...(agent === undefined ? {} : { agent: agent as Agent }), // what it must be is Node's to check
    perMessageDeflate: false, // NemesisDB has no compression.
    maxPayload: maxReply,
  });
  let wire: Socket | undefined;
  let failure: Error | undefined;
  const terminate = () => {
    socket.removeAllListeners();
    // Terminating a socket that is still connecting emits an error, which would be thrown without a listener.
    socket.on('error', () => {});
    socket.terminate();
  };
  // Bun has no such event: frames are written one by one there.
  socket.on('upgrade', (response) => {
    wire = response.socket;
  });
  socket.on('open', () => listener.opened());
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      listener.binary();
      return;
    }
    let text: string;
    try {
      text = data.toString();
    } catch (cause) {
      // A string has at most 512 MiB, whatever `maxReply` allows.
      terminate();
      listener.closed({ code: 1009, reason: '', replyTooLong: true, cause });
      return;
    }
    listener.frame(text);
  });
  socket.on('pong', () => listener.alive());
  socket.on('ping', () => listener.alive());
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', (code, reason) => listener.closed(endOf(code, reason.toString(), failure)));
  return {
    send: (text) => socket.send(text),
    cork: () => wire?.cork(),
    uncork: () => wire?.uncork(),
    ping: () => socket.ping(),
    close: (code) => socket.close(code),
    terminate,
  };
}

function endOf(code: number, reason: string, failure: Error | undefined): SocketEnd {
  if (failure === undefined) return { code, reason };
  const refused = upgradeRefused.exec(failure.message);
  const replyTooLong = 'code' in failure && failure.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
  return {
    code,
    reason: reason === '' ? failure.message : reason,
    cause: failure,
    ...(replyTooLong ? { replyTooLong } : {}),
    ...(refused === null ? {} : { httpStatus: Number(refused[1]) }),
  };
}

/** Node: the `ws` package, and `diagnostics_channel`. */
export const platform: Platform = { dial, diagnostics: channel(activityChannel) };
