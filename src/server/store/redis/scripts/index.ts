import { dueSessions, endSessions, expireSessions } from './expiry-scripts.js';
import { leaveGroup } from './group-scripts.js';
import type { Script } from './script.js';
import {
  addToSession,
  clearAndSetSession,
  clearSession,
  containedInSession,
  dumpSession,
  getFromSession,
  infoOfSession,
  keysOfSession,
  removeFromSession,
  setInSession,
  startSession,
} from './session-scripts.js';
import {
  addTopLevel,
  clearAndSetTopLevel,
  clearTopLevel,
  containedInTopLevel,
  keysOfTopLevel,
  replaceTopLevel,
} from './top-level-scripts.js';

/** All scripts. Each connection loads them before it is used. */
export const scripts: readonly Script[] = [
  leaveGroup,
  startSession,
  setInSession,
  addToSession,
  getFromSession,
  removeFromSession,
  containedInSession,
  keysOfSession,
  clearAndSetSession,
  clearSession,
  infoOfSession,
  dumpSession,
  dueSessions,
  expireSessions,
  endSessions,
  addTopLevel,
  clearTopLevel,
  clearAndSetTopLevel,
  containedInTopLevel,
  keysOfTopLevel,
  replaceTopLevel,
];
