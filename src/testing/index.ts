export { sessionEvent } from './events.js';
export type { Faults } from './faults.js';
export type { TestNdbOptions } from './options.js';
export { TestClock } from './test-clock.js';
export { createTestNdb, type TestNdb } from './test-ndb.js';
