import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of one Redis that all test files share. */
    redis: string;
    /** The URL of a cluster that all test files share. */
    cluster: string;
  }
}

/** The engines that a suite runs over. A prefix of its own keeps each suite's keys apart. */
export const engines = [
  { name: 'one Redis', url: () => inject('redis') },
  { name: 'a cluster', url: () => inject('cluster') },
];

export const newPrefix = () => `test-${randomUUID().slice(0, 8)}`;
