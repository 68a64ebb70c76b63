import type { Frame } from '../../../src/protocol/frame.js';
import type { PeerTraits, Settlement, WireRequest } from '../../../src/transport/requests/correlator.js';
import { Fences } from '../../../src/transport/requests/fences.js';

export const fenced: PeerTraits = { pipelining: 'fenced', unknownName: undefined };
export const serial: PeerTraits = { pipelining: 'serial', unknownName: 'SH_OLD_RSP' };

/** A request, as far as a correlator sees it. */
export const request = (id: number, command = 'KV_GET'): WireRequest => ({ id, command, text: `{"${command}":{}}` });

/** Several requests of one command, by their ids. */
export const requests = (...ids: number[]): WireRequest[] => ids.map((id) => request(id));

/** The reply to a command, or to a fence. */
export const frame = (command: string, st = 1): Frame => ({ name: `${command}_RSP`, body: { st }, length: 20 });

/** The names of what is written: commands and fences. */
export const namesOf = (frames: readonly string[]): string[] =>
  frames.map((text) => text.slice(2, text.indexOf('"', 2)));

export const pending: Settlement = { type: 'pending' };

/** Fences on a connection to such a peer. */
export const fences = (peer = fenced, maxInFlight = 128): Fences => new Fences(peer, maxInFlight);
