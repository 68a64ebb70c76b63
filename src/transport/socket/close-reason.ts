import { ConnectionError } from '../../errors.js';
import type { SocketEnd } from './platform.js';

/** What a close code means for a client, and what to do about it. */
const closeAdvice: Readonly<Record<number, string>> = {
  1000: 'The server closed the connection; it has probably stopped. Its sessions are gone unless it saved them',
  1001: 'The server is going away',
  1002: 'One side saw an error of the WebSocket protocol; something between the two may garble frames',
  1003: 'The server does not accept this kind of data; it is probably no NemesisDB',
  1006: 'The connection broke without a closing handshake',
  1007: 'The server could not read what it was sent; something between the two may garble frames',
  1008: 'The server refused the connection by its own policy',
  1009: 'A request was longer than the server accepts: lower maxPayload here, or raise it in the server',
  1011: 'The server failed on its side',
  1012: 'The server restarts',
  1013: 'The server is overloaded',
  1015: 'The TLS handshake failed: check the certificate, and that the port speaks TLS',
};

const replyTooLong = 'A reply was longer than maxReply: raise it, or ask for less';

/** A browser keeps the reason to itself, as a page must not explore the network. */
const notOpened =
  'The connection could not be opened, and the platform does not say why. Is the server running on this host and port, does it allow the origin of this page (--allow-origin), and is its certificate trusted?';

/** What a status that refuses the upgrade means. */
const httpAdvice: Readonly<Record<number, string>> = {
  401: 'it asks for credentials. Check the headers, or the token in them',
  403: 'it does not allow these credentials, or the origin of this page (--allow-origin)',
  404: 'there is no NemesisDB at this path. Check the URL',
  426: 'it asks for another protocol. Check the URL, and that it is one of a NemesisDB',
};

const badCertificate =
  'The certificate of the server can not be trusted: check its name and date, or name its authority in the option tls or NODE_EXTRA_CA_CERTS';

const noTls = 'TLS could not be spoken: is the port one of wss:// ?';

/** What stands behind Node's error codes after which the same URL will not work a moment later either. */
const permanentFailures: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: badCertificate,
  CERT_NOT_YET_VALID: badCertificate,
  CERT_REVOKED: badCertificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: badCertificate,
  ERR_TLS_CERT_ALTNAME_INVALID: badCertificate,
  HOSTNAME_MISMATCH: badCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: badCertificate,
  UNABLE_TO_GET_ISSUER_CERT: badCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: badCertificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: badCertificate,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
};

/** The same for those that may be over soon. */
const passingFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: is the server running, on this host and port?',
  ENOTFOUND: 'The host name is unknown: check the URL',
  EAI_AGAIN: 'The host name could not be looked up just now',
  ETIMEDOUT: 'The host did not answer',
  EHOSTUNREACH: 'The host can not be reached',
  ECONNRESET: 'The peer dropped the connection',
};

const noHttp = 'The port speaks no WebSocket: check the URL, and whether it should begin with wss://';

const noUpgrade = 'The peer answered the upgrade as no WebSocket server does: check the URL';

function failureCode(cause: unknown): string | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Refusals of the upgrade that may be over soon: too early, too many, or the server's own trouble. */
const isPassing = (httpStatus: number) => httpStatus >= 500 || [408, 425, 429].includes(httpStatus);

/** How far a WebSocket had come before it ended. */
export type SocketPhase = 'connecting' | 'open';

/**
 * Why there is no WebSocket although the peer answered, and not with a refusal. Nothing of this comes with a cut. Node's parser
 * gives its errors codes of `HPE_`; `ws` gives none to its own, about a wrong `Upgrade`, `Sec-WebSocket-Accept` or subprotocol,
 * and Node one to each of the network (measured with Node 20 and ws 8.23: an answer cut after any byte is an `ECONNRESET`).
 */
function wrongProtocol(cause: unknown, failure: string | undefined): string | undefined {
  if (failure?.startsWith('HPE_') === true) return noHttp;
  return failure === undefined && cause instanceof Error ? noUpgrade : undefined;
}

/** How a WebSocket ended, as an error for people. */
export function describeEnd(end: SocketEnd, phase: SocketPhase): ConnectionError {
  const { code, reason, httpStatus, cause } = end;
  if (httpStatus !== undefined) {
    const advice = httpAdvice[httpStatus] ?? 'check the URL, and that it is one of a NemesisDB';
    return new ConnectionError(`The server refused the connection with HTTP ${httpStatus}: ${advice}.`, {
      permanent: !isPassing(httpStatus),
      closeCode: code,
      cause,
    });
  }
  const failure = failureCode(cause);
  const detail = failure ?? (reason === '' ? `code ${code}` : `code ${code}, ${reason}`);
  const fail = (advice: string, closeCode: number, permanent = false) =>
    new ConnectionError(`${advice} (${detail}).`, { permanent, closeCode, cause });
  if (end.replyTooLong === true) return fail(replyTooLong, 1009);
  // If `ws` itself gives a connection up over what it received, it reports 1006, which would look like a cut.
  if (failure?.startsWith('WS_ERR_') === true) return fail(closeAdvice[1002] ?? '', 1002);
  const wrong = phase === 'connecting' ? wrongProtocol(cause, failure) : undefined;
  const forGood = wrong ?? permanentFailures[failure ?? ''];
  if (forGood !== undefined) return fail(forGood, code, true);
  if (phase === 'connecting' && code === 1006 && cause === undefined) return fail(notOpened, code);
  const advice = failure === undefined ? closeAdvice[code] : passingFailures[failure];
  return fail(advice ?? 'The connection ended', code);
}
