import { describe, expect, it } from 'vitest';
import { type NdbClientOptions, settingsOf } from '../../src/client/options.js';
import { systemClock } from '../../src/clock.js';
import { ValueError } from '../../src/errors.js';
import { NdbClient } from '../../src/index.js';

describe('the options of a client', () => {
  it('have defaults', () => {
    expect(settingsOf()).toEqual({
      timeout: 5000,
      retry: 'reads',
      asyncStackTraces: false,
      maxPayload: undefined,
      maxReply: 67_108_864,
      maxInFlight: 128,
      maxQueued: 10_000,
      maxQueuedBytes: 16_777_216,
      reconnect: { initialDelay: 100, maxDelay: 30_000, attempts: Number.POSITIVE_INFINITY, resetAfter: 10_000 },
      heartbeat: { interval: 15_000, timeout: 5000 },
      connectTimeout: 5000,
      closeTimeout: 5000,
      expiringBefore: undefined,
      sweepInterval: 5000,
      clock: systemClock,
      random: Math.random,
    });
  });

  it('override the defaults one by one; undefined counts as left out', () => {
    const settings = settingsOf({
      timeout: 1,
      reconnect: { attempts: 3, maxDelay: undefined },
      heartbeat: false,
    });
    expect(settings.timeout).toBe(1);
    expect(settings.reconnect).toEqual({ initialDelay: 100, maxDelay: 30_000, attempts: 3, resetAfter: 10_000 });
    expect(settings.heartbeat).toBe(false);
    expect(settingsOf({ reconnect: false }).reconnect).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ['timeout', { timeout: 0 }, 'number of milliseconds, more than 0'],
    ['timeout', { timeout: '5s' }, 'number of milliseconds'],
    ['retry', { retry: true }, "'reads' or 'none'"],
    ['maxPayload', { maxPayload: 10 }, 'whole number of bytes, 64 or more'],
    ['maxInFlight', { maxInFlight: 0.5 }, 'whole number of requests, 1 or more'],
    ['maxQueued', { maxQueued: 0 }, '1 or more'],
    ['reconnect.attempts', { reconnect: { attempts: 1.5 } }, 'whole number of attempts'],
    ['reconnect.initialDelay', { reconnect: { initialDelay: Number.NaN } }, 'number of milliseconds'],
    ['reconnect', { reconnect: { delay: 1 } }, 'has no "delay"; it takes initialDelay, maxDelay, attempts, resetAfter'],
    ['reconnect', { reconnect: true }, 'false, or an object with initialDelay, maxDelay, attempts, resetAfter.'],
    ['heartbeat', { heartbeat: true }, 'false, or an object with interval, timeout.'],
    ['heartbeat.timeout', { heartbeat: { timeout: -1 } }, 'number of milliseconds'],
    ['options', { timout: 1 }, 'has no "timout"; it takes timeout, '],
    ['options', 'fast', 'must be an object'],
    ['clock', { clock: 5 }, 'a clock'],
    ['clock', { clock: { now: () => 0 } }, 'a clock: an object with now, wall, scheduler and schedule'],
    ['random', { random: 0.5 }, 'a function'],
  ])(
    'are refused by the constructor with the name of the option and what it takes: %s',
    (parameter, options, message) => {
      const attempt = () => new NdbClient(options as NdbClientOptions);
      expect(attempt).toThrow(ValueError);
      expect(attempt).toThrow(expect.objectContaining({ parameter }));
      expect(attempt).toThrow(message);
    },
  );
});
