import type { Gap, SessionEvent } from '../store/events.js';

/** What an event says, as members of an object, sorted by name. */
function membersOf(event: SessionEvent | Gap, withValues: boolean): string[] {
  if (event.type === 'gap') return [`"until":${event.until}`];
  const members = [`"at":${event.at}`, `"id":${JSON.stringify(event.id)}`];
  if (event.type === 'expired') members.push(`"outcome":"${event.outcome}"`);
  if ('remaining' in event && event.remaining !== undefined) members.push(`"remainingMs":${wholeMs(event.remaining)}`);
  members.push(`"tkn":${event.token}`);
  if (withValues && event.type === 'expired' && event.values) {
    const values = event.values.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
    members.push(`"values":{${values.join()}}`);
  }
  return members;
}

/** The frame that pushes an event to a watch. */
export function eventFrame(event: SessionEvent | Gap, watch: number, withValues: boolean): string {
  return `{"SH_EVENT":{"type":"${event.type}","watch":${watch},${membersOf(event, withValues).join()}}}`;
}

/** Milliseconds left, in whole ones: never more than there are. */
export function wholeMs(remaining: number): number {
  return Math.floor(remaining);
}
