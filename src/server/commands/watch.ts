import { lastValueFrom, toArray } from 'rxjs';
import { Status } from '../../protocol/status.js';
import { ok, type Reply, refusal, reply } from '../json/replies.js';
import { member, type WireObject, type WireValue } from '../json/wire.js';
import type { Gap, LoggedEvent } from '../store/events.js';
import { andThen } from '../store/later.js';
import type { Store } from '../store/store.js';
import { type SessionToken, tokenOf } from '../store/tokens.js';
import type { EventRouter } from '../watch/event-router.js';
import type { Watch } from '../watch/watch.js';
import type { NumberedWatch } from '../watch/watches.js';
import type { Command } from './context.js';
import { type Fault, faultIn, optional, required } from './parameters.js';
import { infoMembers } from './sessions.js';

/** How many events a member of a group may have that it has not acknowledged. */
const groupWindow = 100;

const watchParameters = [
  optional('all', 'boolean'),
  optional('group', 'string'),
  optional('since', 'unsigned'),
  optional('tkns', 'array'),
  optional('values', 'boolean'),
];

/** What an `SH_WATCH` asks for. */
interface Wanted {
  /** `undefined`: all sessions. */
  readonly tokens: ReadonlySet<SessionToken> | undefined;
  readonly group: string | undefined;
  readonly since: number | undefined;
  readonly withValues: boolean;
}

function faultOf(body: WireObject): Fault | undefined {
  const fault = faultIn(body, watchParameters);
  if (fault) return fault;
  const isAll = member(body, 'all') === true;
  if (isAll === (member(body, 'tkns') !== undefined)) {
    return { status: Status.CommandSyntax, message: "Either 'tkns' or 'all' is needed" };
  }
  if (member(body, 'group') !== undefined && !isAll) {
    return { status: Status.CommandSyntax, message: "'group' needs 'all'" };
  }
  return undefined;
}

function wantedBy(body: WireObject): Wanted {
  const tokens = member(body, 'tkns') as WireValue[] | undefined; // checked
  const since = member(body, 'since');
  const group = member(body, 'group');
  return {
    tokens: tokens && new Set(tokens.flatMap((item) => tokenOf(item) ?? [])),
    group: typeof group === 'string' ? group : undefined,
    since: since === undefined ? undefined : Number(since),
    withValues: member(body, 'values') === true,
  };
}

/** The sessions that exist, each as in the reply to `SH_INFO`. */
async function sessionTexts(store: Store, tokens: Iterable<SessionToken>): Promise<string> {
  const texts: string[] = [];
  for (const token of tokens) {
    const info = store.info(token);
    // A store in memory answers at once: then all of them are of one moment.
    const found = info instanceof Promise ? await info : info;
    if (found !== undefined) texts.push(`{${infoMembers(token, found, true)}}`);
  }
  return texts.join();
}

/** Makes events flow to a watch. */
function connect(watch: Watch, { tokens, group, since }: Wanted, router: EventRouter, member: string): void {
  if (tokens) {
    watch.feed(router.watch(tokens, watch.receive));
  } else if (group === undefined) {
    watch.feed(router.watchAll(watch.receive));
  } else {
    const joining = router.events.join({ group, member, window: groupWindow, ...(since !== undefined && { since }) });
    const subscription = joining.subscribe(watch.receive);
    watch.feed(() => subscription.unsubscribe());
  }
}

/** What the log holds since a time that concerns a watch. */
async function missedBy({ tokens, group, since }: Wanted, router: EventRouter): Promise<(LoggedEvent | Gap)[]> {
  if (since === undefined || group !== undefined) return [];
  const events = await lastValueFrom(router.events.since(since).pipe(toArray()));
  return tokens ? events.filter((event) => event.type === 'gap' || tokens.has(event.token)) : events;
}

/** `SH_WATCH`: pushes what happens to sessions from now on, and what happened since a time. */
const watch: Command = ({ body, id }, { store, router, watchAll }, { id: connection, watches }) => {
  if (id === undefined || watches === undefined) return refusal('SH_WATCH', Status.CommandNotExist);
  const fault = faultOf(body);
  if (fault) return refusal('SH_WATCH', fault.status, fault.message);
  const wanted = wantedBy(body);
  if (wanted.tokens === undefined && !watchAll) {
    return refusal(
      'SH_WATCH',
      Status.CommandDisabled,
      'To watch all sessions, start the server with watchAll (--watch-all)',
    );
  }
  const count = wanted.tokens?.size ?? 0;
  const added = watches.add(count, { withValues: wanted.withValues, isOfGroup: wanted.group !== undefined });
  if (added === undefined) return refusal('SH_WATCH', Status.ValueSize, 'The connection watches too many sessions');
  connect(added.watch, wanted, router, `${connection}-${added.number}`);
  return begin(added, wanted, store, router).catch((cause) => {
    watches.remove(added.number);
    throw cause;
  });
};

/** Sends what was missed, and makes the reply. Events that happen meanwhile wait for it. */
async function begin(
  { watch, number }: NumberedWatch,
  wanted: Wanted,
  store: Store,
  router: EventRouter,
): Promise<Reply> {
  await watch.replay(await missedBy(wanted, router));
  const at = await store.events.now();
  const sessions = await sessionTexts(store, wanted.tokens ?? []);
  return {
    text: reply('SH_WATCH', `"at":${at},"sessions":[${sessions}],${ok},"watch":${number}`),
    onSent: () => watch.start(at),
  };
}

const unwatchParameters = [required('watch', 'unsigned')];

/** `SH_UNWATCH`: ends a watch. */
const unwatch: Command = ({ body, id }, _, { watches }) => {
  if (id === undefined || watches === undefined) return refusal('SH_UNWATCH', Status.CommandNotExist);
  const fault = faultIn(body, unwatchParameters);
  if (fault) return refusal('SH_UNWATCH', fault.status, fault.message);
  const number = Number(body.watch);
  if (!watches.remove(number)) return refusal('SH_UNWATCH', Status.KeyNotExist, 'There is no such watch');
  return reply('SH_UNWATCH', `${ok},"watch":${number}`);
};

const acknowledgeParameters = [required('group', 'string'), required('ids', 'array')];

/** `SH_ACK`: marks events of a group as done. */
const acknowledge: Command = ({ body, id }, { store, watchAll }) => {
  if (id === undefined) return refusal('SH_ACK', Status.CommandNotExist);
  const fault = faultIn(body, acknowledgeParameters);
  if (fault) return refusal('SH_ACK', fault.status, fault.message);
  if (!watchAll) return refusal('SH_ACK', Status.CommandDisabled);
  const ids = (body.ids as WireValue[]).filter((item) => typeof item === 'string'); // checked to be an array
  return andThen(store.events.acknowledge(String(body.group), ids), (count) => reply('SH_ACK', `"cnt":${count},${ok}`));
};

/** The commands that watch sessions. A NemesisDB does not have them. */
export const watchCommands: ReadonlyMap<string, Command> = new Map([
  ['SH_WATCH', watch],
  ['SH_UNWATCH', unwatch],
  ['SH_ACK', acknowledge],
]);
