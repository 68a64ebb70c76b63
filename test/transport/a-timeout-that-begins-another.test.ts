import { expect, test } from 'vitest';
import { Deadlines, type Due } from '../../src/transport/requests/timeouts.js';
import { VirtualClock } from '../support/clocks/virtual-clock.js';

interface Wait extends Due {
  readonly name: string;
}

/** Waits for things to be due, and notes what was when. */
function stage(reactTo: (name: string, begin: (name: string, timeout: number) => void) => void) {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const begin = (name: string, timeout: number): Wait => {
    const wait: Wait = { name, timeout, dueAt: clock.now() + timeout, awaited: undefined };
    deadlines.add(wait);
    return wait;
  };
  const deadlines: Deadlines<Wait> = new Deadlines(clock, ({ name }) => {
    heard.push(`${name} at ${clock.now()}`);
    reactTo(name, begin);
  });
  return { clock, deadlines, heard, begin };
}

test('one that is begun with the same timeout while another is told ends in its own time', async () => {
  const { clock, heard, begin } = stage((name, again) => {
    if (name === 'first') again('second', 100);
  });
  begin('first', 100);
  await clock.advance(1000);
  expect(heard).toEqual(['first at 100', 'second at 200']);
});

test('so does one that is begun after everything was cleared while another is told', async () => {
  const { clock, deadlines, heard, begin } = stage((name, again) => {
    if (name !== 'first') return;
    deadlines.clear();
    again('second', 100);
  });
  begin('first', 100);
  await clock.advance(1000);
  expect(heard).toEqual(['first at 100', 'second at 200']);
});

test('those of different timeouts end in the order of their deadlines, without those that left', async () => {
  const { clock, deadlines, heard, begin } = stage(() => {});
  begin('slow', 300);
  const gone = begin('gone', 100);
  begin('quick', 100);
  deadlines.delete(gone);
  deadlines.delete(gone);
  await clock.advance(1000);
  expect(heard).toEqual(['quick at 100', 'slow at 300']);
  expect(clock.timers).toBe(0);
});
