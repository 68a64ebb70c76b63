import { ConnectionError } from '../../errors.js';
import type { SocketEnd } from './platform.js';

/** What a close code means for a client, and what to do about it. */
const closeAdvice: Readonly<Record<number, string>> = {
  1000: 'The server closed the connection; it has probably stopped. Its sessions are gone unless it saved them',
  1001: 'The server is going away',
  1002: 'One side saw an error of the WebSocket protocol; something between the two may garble frames',
  1003: 'The server does not accept this kind of data; it is probably no NemesisDB',
  1006: 'The connection broke without a closing handshake',
  1007: 'The server could not read the text it was sent; something between the two may garble frames',
  1008: 'The server refused the connection by its own policy',
  1009: 'A message was longer than allowed: a reply longer than maxReply, or a request longer than the peer accepts',
  1011: 'The server failed on its side',
  1012: 'The server restarts',
  1013: 'The server is overloaded',
  1015: 'The TLS handshake failed: check the certificate, and that the port speaks TLS',
};

const badCertificate =
  'The certificate of the server can not be trusted: check its name and date, or name its authority in NODE_EXTRA_CA_CERTS';

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

/**
 * The close code that an end stands for. Where `ws` itself gives a connection up, for what came over it, it tells 1006 to its
 * own side, which would look like a server that cut it.
 */
function meantCode(code: number, failure: string | undefined): number {
  if (failure === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  return failure?.startsWith('WS_ERR_') === true ? 1002 : code;
}

/** Upgrade refusals that may be over soon: too early, too many, or the server's own trouble. */
const isPassing = (httpStatus: number) => httpStatus >= 500 || [408, 425, 429].includes(httpStatus);

/** How far a socket had come before it ended. */
export type SocketPhase = 'connecting' | 'open';

/**
 * Why there is no WebSocket although the peer did answer, and not with a refusal: nothing that comes with a cut. Node's parser
 * gives its errors codes of `HPE_`; `ws` gives none to its own, about a wrong `Upgrade`, `Sec-WebSocket-Accept` or subprotocol,
 * and Node one to each of the network (measured with Node 20 and ws 8.23: an answer cut after any byte is an `ECONNRESET`).
 */
function wrongProtocol(phase: SocketPhase, cause: unknown, failure: string | undefined): string | undefined {
  if (phase === 'open') return undefined;
  if (failure?.startsWith('HPE_') === true) return noHttp;
  return failure === undefined && cause instanceof Error ? noUpgrade : undefined;
}

/** How a socket ended, as an error for people. */
export function describeEnd({ code, reason, httpStatus, cause }: SocketEnd, phase: SocketPhase): ConnectionError {
  if (httpStatus !== undefined) {
    return new ConnectionError(
      `The server refused the connection with HTTP ${httpStatus}: check the URL, and that it is one of a NemesisDB.`,
      { permanent: !isPassing(httpStatus), closeCode: code, cause },
    );
  }
  const failure = failureCode(cause);
  const closeCode = meantCode(code, failure);
  const wrong = wrongProtocol(phase, cause, failure) ?? permanentFailures[failure ?? ''];
  const isOfFrames = closeCode !== code;
  const advice = wrong ?? (failure === undefined || isOfFrames ? closeAdvice[closeCode] : passingFailures[failure]);
  const detail = failure ?? (reason === '' ? `code ${code}` : `code ${code}, ${reason}`);
  return new ConnectionError(`${advice ?? 'The connection ended'} (${detail}).`, {
    permanent: wrong !== undefined,
    closeCode,
    cause,
  });
}
