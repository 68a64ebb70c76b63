import { expect, test } from 'vitest';
import { type Due, Timeouts } from '../../src/transport/requests/timeouts.js';
import { VirtualClock } from '../support/clocks/virtual-clock.js';

interface Wait extends Due {
  readonly name: string;
}

/** Timeouts on a virtual clock, and when each of them ended. */
function stage(reactTo: (name: string, begin: (name: string, timeout: number) => void) => void) {
  const clock = new VirtualClock();
  const ended: string[] = [];
  const begin = (name: string, timeout: number): Wait => {
    const wait: Wait = { name, timeout, dueAt: clock.now() + timeout, awaited: undefined };
    timeouts.add(wait);
    return wait;
  };
  const timeouts: Timeouts<Wait> = new Timeouts(
    clock,
    () => 0,
    ({ name }) => {
      ended.push(`${name} at ${clock.now()}`);
      reactTo(name, begin);
    },
  );
  return { clock, timeouts, ended, begin };
}

test('a timeout that is begun while another of its length ends has its own time', async () => {
  const { clock, ended, begin } = stage((name, again) => {
    if (name === 'first') again('second', 100);
  });
  begin('first', 100);
  await clock.advance(1000);
  expect(ended).toEqual(['first at 100', 'second at 200']);
});

test('a timeout that is begun after all were cleared has its own time', async () => {
  const { clock, timeouts, ended, begin } = stage((name, again) => {
    if (name !== 'first') return;
    timeouts.clear();
    again('second', 100);
  });
  begin('first', 100);
  await clock.advance(1000);
  expect(ended).toEqual(['first at 100', 'second at 200']);
});

test('those of different timeouts end in the order of their timeouts, without those that left', async () => {
  const { clock, timeouts, ended, begin } = stage(() => {});
  begin('slow', 300);
  const gone = begin('gone', 100);
  begin('quick', 100);
  timeouts.delete(gone);
  timeouts.delete(gone);
  await clock.advance(1000);
  expect(ended).toEqual(['quick at 100', 'slow at 300']);
  expect(clock.timers).toBe(0);
});
