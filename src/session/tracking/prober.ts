import { Status } from '../../protocol/status.js';
import type { Reply } from '../../transport/transport.js';
import { type Evidence, existingIn, infoIn, spanOf } from '../lease/evidence.js';
import type { Probe, SessionPort } from '../port.js';
import type { Lease } from './lease.js';
import type { ProbeKind } from './schedule.js';

/** Most requests under way: few enough for the program's own ones to slip in between. */
const mostUnderWay = 64;

/** Most sessions in one `SH_EXISTS`. */
const mostInOne = 1000;

/** The length of an `SH_EXISTS` without tokens, and of the longest token with its comma. */
const envelope = '{"SH_EXISTS":{"tkns":[]}}'.length;
const tokenBytes = '18446744073709551615,'.length;

/** One request: a probe of one lease or of many. */
interface Request {
  readonly kind: ProbeKind;
  readonly leases: readonly Lease[];
  cancel: () => void;
}

/** Asks the server about leases: many in one `SH_EXISTS`, or one by `SH_INFO`. Neither extends a session. */
export class Prober {
  readonly #waiting = { exists: new Set<Lease>(), info: new Set<Lease>() };
  readonly #underWay = new Map<Lease, Request>();
  readonly #requests = new Set<Request>();
  #cancelFlush: (() => void) | undefined;

  constructor(
    private readonly port: SessionPort,
    /** Called once for each lease that was probed; undefined: no answer that can be understood. */
    private readonly answered: (lease: Lease, evidence: Evidence | undefined) => void,
  ) {}

  /** Whether the answer to a probe of a lease is yet to come. */
  isProbing(lease: Lease): boolean {
    return this.#underWay.has(lease) || this.#waiting.info.has(lease) || this.#waiting.exists.has(lease);
  }

  /** Probes a lease, together with all others that are to be probed in this turn of the event loop. */
  probe(lease: Lease, kind: ProbeKind): void {
    if (this.#underWay.has(lease) || this.#waiting.info.has(lease)) return;
    if (kind === 'info') this.#waiting.exists.delete(lease);
    this.#waiting[kind].add(lease);
    this.#flushSoon();
  }

  /** Nobody watches a lease any more. An answer about it is ignored. */
  forget(lease: Lease): void {
    this.#waiting.exists.delete(lease);
    this.#waiting.info.delete(lease);
    this.#underWay.delete(lease);
    if (this.#waiting.exists.size + this.#waiting.info.size === 0) this.#unschedule();
  }

  /** Gives up all probes. */
  stop(): void {
    this.#unschedule();
    this.#waiting.exists.clear();
    this.#waiting.info.clear();
    this.#underWay.clear();
    const requests = [...this.#requests];
    this.#requests.clear();
    for (const { cancel } of requests) cancel();
  }

  #flushSoon(): void {
    if (this.#cancelFlush !== undefined || this.#requests.size >= mostUnderWay) return;
    this.#cancelFlush = this.port.clock.schedule(() => {
      this.#cancelFlush = undefined;
      this.#flush();
    }, 0);
  }

  #unschedule(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
  }

  #flush(): void {
    const { exists, info } = this.#waiting;
    const fitting = Math.floor((this.port.maxPayload - envelope) / tokenBytes);
    const most = Math.min(mostInOne, Math.max(1, fitting));
    while (this.#requests.size < mostUnderWay) {
      if (exists.size > 0) this.#send('exists', take(exists, most));
      else if (info.size > 0) this.#send('info', take(info, 1));
      else return;
    }
  }

  #send(kind: ProbeKind, leases: readonly Lease[]): void {
    const [first] = leases;
    if (first === undefined) return;
    const request: Request = { kind, leases, cancel: () => {} };
    this.#requests.add(request);
    for (const lease of leases) this.#underWay.set(lease, request);
    const probe: Probe =
      kind === 'exists'
        ? { command: 'SH_EXISTS', tkns: leases.map(({ tkn }) => tkn) }
        : { command: 'SH_INFO', tkn: first.tkn };
    const cancel = this.port.probe(probe, {
      replied: (reply) => this.#settled(request, reply),
      failed: () => this.#settled(request, undefined),
    });
    request.cancel = cancel;
  }

  #settled(request: Request, reply: Reply | undefined): void {
    if (!this.#requests.delete(request)) return; // stopped
    const evidence = reply === undefined ? () => undefined : evidenceIn(request.kind, reply);
    for (const lease of request.leases) {
      if (this.#underWay.get(lease) !== request) continue; // forgotten
      this.#underWay.delete(lease);
      this.answered(lease, evidence(lease));
    }
    if (this.#waiting.exists.size + this.#waiting.info.size > 0) this.#flushSoon();
  }
}

/** What the reply to a probe says of each lease; undefined if it can't be understood. */
function evidenceIn(kind: ProbeKind, reply: Reply): (lease: Lease) => Evidence | undefined {
  const span = spanOf(reply);
  const { body } = reply;
  if (kind === 'exists') {
    const existing = existingIn(body);
    return ({ tkn }) => existing && { type: existing.has(tkn) ? 'exists' : 'gone', span };
  }
  if (body.st === Status.SessionNotExist) return () => ({ type: 'gone', span });
  const info = body.st === Status.Ok ? infoIn(body) : undefined;
  return () => info && { type: 'info', span, info };
}

function take(leases: Set<Lease>, most: number): Lease[] {
  const taken: Lease[] = [];
  for (const lease of leases) {
    if (taken.length === most) break;
    leases.delete(lease);
    taken.push(lease);
  }
  return taken;
}
