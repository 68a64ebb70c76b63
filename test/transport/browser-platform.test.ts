import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { platform as browserPlatform } from '../../src/transport/socket/browser.js';
import type { SocketEnd } from '../../src/transport/socket/platform.js';

/** As much of a browser's WebSocket as is used. */
class PageSocket {
  static last: PageSocket;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: string[] = [];
  readonly closeCodes: (number | undefined)[] = [];

  constructor(readonly url: string) {
    if (url === 'ws://refused/') throw new SyntaxError('no');
    PageSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number): void {
    this.closeCodes.push(code);
  }
}

function dialled() {
  const heard: unknown[] = [];
  const socket = browserPlatform.dial(
    'ws://host/',
    { maxReply: 10 },
    {
      opened: () => heard.push('opened'),
      frame: (text) => heard.push(text),
      binary: () => heard.push('binary'),
      alive: () => heard.push('alive'),
      closed: (end: SocketEnd) => heard.push(end),
    },
  );
  return { heard, socket, page: PageSocket.last };
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', PageSocket);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the WebSocket of a browser', () => {
  it('is told of as that of Node is, but has no pings', () => {
    const { heard, socket, page } = dialled();
    page.onopen?.();
    page.onmessage?.({ data: '{}' });
    page.onmessage?.({ data: new ArrayBuffer(2) });
    page.onerror?.();
    page.onclose?.({ code: 1006, reason: '' });
    expect(heard).toEqual(['opened', '{}', 'binary', { code: 1006, reason: '' }]);
    expect(socket.ping).toBeUndefined();
  });

  it('sends frames in their order, and closes with a code', () => {
    const { socket, page } = dialled();
    socket.send('a');
    socket.send('b');
    socket.close(1000);
    expect(page.sent).toEqual(['a', 'b']);
    expect(page.closeCodes).toEqual([1000]);
  });

  it('is heard of no more once it is terminated', () => {
    const { heard, socket, page } = dialled();
    socket.terminate();
    page.onopen?.();
    page.onclose?.({ code: 1000, reason: '' });
    expect(heard).toEqual([]);
    expect(page.closeCodes).toEqual([undefined]);
  });

  it('is closed, once, at a reply longer than maxReply', () => {
    const { heard, page } = dialled();
    page.onmessage?.({ data: 'x'.repeat(11) });
    page.onclose?.({ code: 1005, reason: '' });
    expect(heard).toEqual([{ code: 1009, reason: '', replyTooLong: true }]);
  });

  it('throws what the platform throws at a URL', () => {
    const listener = { opened() {}, frame() {}, binary() {}, alive() {}, closed() {} };
    expect(() => browserPlatform.dial('ws://refused/', { maxReply: 1 }, listener)).toThrow(SyntaxError);
  });
});
