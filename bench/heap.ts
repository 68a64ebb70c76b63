import { setTimeout as delay } from 'node:timers/promises';

/** Bytes of heap that are in use once everything is collected that can be. */
export async function heapInUse(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('Run node with --expose-gc.');
  for (let turn = 0; turn < 3; turn++) {
    await delay(20);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

/** The same at this moment, without letting anything else happen. */
export function heapInUseNow(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** KiB of heap that each of these takes. */
export async function heapOfEach(count: number, make: () => Promise<unknown>): Promise<number> {
  const before = await heapInUse();
  const made = await make();
  const after = await heapInUse();
  // Held until here.
  if (made === undefined) throw new Error('What is weighed must be held.');
  return (after - before) / count / 1024;
}
