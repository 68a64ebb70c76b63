import { Status } from '../../protocol/status.js';
import { ok, refusal, reply } from '../json/replies.js';
import { member, type WireObject, type WireValue } from '../json/wire.js';
import { type Expiry, readExpiry } from '../store/expiry.js';
import { andThen, type Later } from '../store/later.js';
import type { SessionInfo, Store } from '../store/store.js';
import { randomToken, type SessionToken, tokenOf } from '../store/tokens.js';
import { wholeMs } from '../watch/event-text.js';
import type { Command } from './context.js';
import { faultIn, optional, required } from './parameters.js';
import type { Request } from './request.js';

const newParameters = [optional('expiry', 'object')];
const expiryParameters = [
  optional('deleteSession', 'boolean'),
  required('duration', 'unsigned'),
  optional('extendOnGet', 'boolean'),
  optional('extendOnSetAdd', 'boolean'),
];

function start(store: Store, expiry: Expiry | undefined): Later<string> {
  const token = randomToken();
  return andThen(store.start(token, expiry, []), (started) => {
    if (started === 'started') return reply('SH_NEW', `${ok},"tkn":${token}`);
    if (started === 'full') return refusal('SH_NEW', Status.SessionNewFail, 'Memory limit reached');
    return start(store, expiry); // once in 2^64
  });
}

const create: Command = ({ body }, { store }) => {
  const fault = faultIn(body, newParameters);
  if (fault) return refusal('SH_NEW', fault.status, fault.message);
  const expiry = member(body, 'expiry');
  if (expiry === undefined) return start(store, undefined);
  const settings = expiry as WireObject; // checked above
  const expiryFault = faultIn(settings, expiryParameters);
  return expiryFault ? refusal('SH_NEW', expiryFault.status, expiryFault.message) : start(store, readExpiry(settings));
};

const end: Command = ({ token }, { store }, caller) => {
  if (token === undefined) return refusal('SH_END', Status.SessionNotExist);
  return andThen(store.end(token, caller.id), (ended) =>
    reply('SH_END', `"st":${ended ? Status.Ok : Status.SessionNotExist},"tkn":${token}`),
  );
};

const endAll: Command = (_, { store }, caller) =>
  andThen(store.endAll(caller.id), (count) => reply('SH_END_ALL', `"cnt":${count},${ok}`));

const tokensParameter = [required('tkns', 'array')];

const exists: Command = ({ body }, { store }) => {
  const fault = faultIn(body, tokensParameter);
  if (fault) return refusal('SH_EXISTS', fault.status, fault.message);
  const tokens = (body.tkns as WireValue[]).flatMap((item) => tokenOf(item) ?? []); // checked above
  return andThen(store.exist(tokens), (alive) => reply('SH_EXISTS', `"exist":[${alive.join(',')}],${ok}`));
};

/** Seconds as the original prints them: a signed 64-bit integer. */
const secondsText = (duration: number | bigint) => BigInt.asIntN(64, BigInt(duration)).toString();

/** What the reply to `SH_INFO` says; in milliseconds as well if the client takes more than a NemesisDB has. */
export function infoMembers(token: SessionToken, info: SessionInfo | undefined, isExact: boolean): string {
  if (info === undefined) return `"keyCnt":null,"shared":null,"st":${Status.SessionNotExist},"tkn":${token}`;
  const rest = `"keyCnt":${info.keyCount},"shared":false,${ok},"tkn":${token}`;
  if (info.expires === undefined) return `"expires":false,${rest}`;
  const { expiry, remaining } = info.expires;
  return (
    `"expires":true,"expiry":{"deleteSession":${expiry.deleteSession},"duration":${secondsText(expiry.duration)},` +
    `"extendOnGet":${expiry.extendOnGet},"extendOnSetAdd":${expiry.extendOnSetAdd},` +
    // `+ 0`: cut toward zero, a little below 0 is -0
    `"remaining":${Math.trunc(remaining / 1000) + 0}${isExact ? `,"remainingMs":${wholeMs(remaining)}` : ''}},${rest}`
  );
}

const info: Command = ({ body, token, id }: Request, { store }) => {
  if (Object.keys(body).length !== 1) return refusal('SH_INFO', Status.CommandSyntax);
  if (token === undefined) return refusal('SH_INFO', Status.SessionNotExist);
  return andThen(store.info(token), (found) => reply('SH_INFO', infoMembers(token, found, id !== undefined)));
};

const infoAll: Command = (_, { store }) =>
  andThen(store.totals(), ({ sessions, keys }) =>
    reply('SH_INFO_ALL', `${ok},"totalKeys":${keys},"totalSessions":${sessions}`),
  );

/** The commands on sessions themselves. */
export const sessionCommands: ReadonlyMap<string, Command> = new Map([
  ['SH_NEW', create],
  ['SH_END', end],
  ['SH_END_ALL', endAll],
  ['SH_EXISTS', exists],
  ['SH_INFO', info],
  ['SH_INFO_ALL', infoAll],
]);
