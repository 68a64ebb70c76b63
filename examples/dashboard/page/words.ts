/** The words of the dashboard. */
import type { ConnectionState, EndedEvent, SessionEvent, SessionState } from 'rx-nemesisdb';

/** What the state of a session is called. */
export const stateNames: Readonly<Record<SessionState['state'], string>> = {
  opening: 'opening',
  alive: 'active',
  expiring: 'expiring',
  overdue: 'overdue',
  suspended: 'suspended',
  expired: 'expired',
  ended: 'ended',
  closed: 'closed',
};

/** A word for an event, and what else there is to say. */
export function describeEvent(event: SessionEvent): { readonly word: string; readonly detail: string } {
  switch (event.type) {
    case 'opened':
      return { word: 'opened', detail: '' };
    case 'extended':
      return { word: 'extended', detail: `by ${event.by === 'self' ? 'this page' : 'another'}` };
    case 'expiring':
      return { word: 'expiring', detail: `in ${seconds(event.inMs)}` };
    case 'overdue':
      return { word: 'overdue', detail: 'may lapse now' };
    case 'expired':
      return {
        word: 'expired',
        detail: event.outcome === 'keysCleared' ? 'keys cleared' : `deleted, ${event.certainty}`,
      };
    case 'ended':
      return { word: 'ended', detail: `by ${enders[event.by]}, ${event.certainty}` };
    case 'reset':
      return { word: 'reset', detail: event.candidates.join(' or ') };
    case 'suspended':
      return { word: 'suspended', detail: event.reason === 'clock' ? 'the clock jumped' : 'no connection' };
    case 'resumed':
      return { word: 'resumed', detail: 'known again' };
  }
}

const enders: Readonly<Record<EndedEvent['by'], string>> = {
  self: 'this page',
  other: 'another',
  unknown: 'somebody',
};

export function describeConnection(connection: ConnectionState): string {
  switch (connection.state) {
    case 'idle':
      return 'Not connected';
    case 'connecting':
      return connection.purpose === 'first' ? 'Connecting' : 'Reconnecting';
    case 'open':
      return `NemesisDB ${connection.server.serverVersion}`;
    case 'waiting':
      return 'Connection lost';
    case 'closing':
    case 'closed':
      return 'Closed';
  }
}

/** A duration with its unit: `4.2 s`, `38 s`, `12 min`. */
export function seconds(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never';
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 600_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
