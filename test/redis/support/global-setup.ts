import type { TestProject } from 'vitest/node';
import { startCluster, startRedis } from './redis-processes.js';

/** Starts the engines that suites share; tests that break one start their own. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [redis, cluster] = await Promise.all([startRedis(), startCluster()]);
  provide('redis', redis.url);
  provide('cluster', cluster.url);
  return async () => {
    await Promise.all([redis.stop(), cluster.stop()]);
  };
}
