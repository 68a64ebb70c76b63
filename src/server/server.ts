// What disposes of it is named in its types, which programs of an older `lib` must be able to read.
/// <reference lib="esnext.disposable" preserve="true" />
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import { ValueError } from '../errors.js';
import { Dispatcher } from './commands/dispatcher.js';
import { removeLeftovers } from './datasets/cleanup.js';
import { Datasets } from './datasets/datasets.js';
import { checkFolder } from './datasets/folders.js';
import { consoleLog, type Log, limitedLog } from './log.js';
import { Listener, type StoreMetrics } from './network/listener.js';
import { type NdbServerOptions, readOptions, type ServerSettings } from './options.js';
import { MemoryStore } from './store/memory/memory-store.js';
import type { Store } from './store/store.js';
import { EventRouter } from './watch/event-router.js';

/** NemesisDB's own limit, which clients assume. */
const usualMaxPayload = 1024;

/**
 * A server that speaks NemesisDB's protocol, in this process: for tests, laptops and small deployments.
 *
 * ```ts
 * await using server = await NdbServer.listen();
 * await firstValueFrom(client.open(server.url));
 * ```
 */
export class NdbServer {
  /** Where clients connect, such as `ws://127.0.0.1:1987/`. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  readonly #stop: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(address: AddressInfo, isTls: boolean, stop: () => Promise<void>) {
    this.port = address.port;
    this.url = `${isTls ? 'wss' : 'ws'}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/`;
    this.#stop = stop;
  }

  /**
   * Starts a server; resolves once it listens. Rejects with a `ValueError` for an option that can't be right or a
   * dataset that can't be loaded, and with the platform's error if it can't listen (`EADDRINUSE`: the port is taken).
   */
  static async listen(options: NdbServerOptions = {}): Promise<NdbServer> {
    const settings = readOptions(options);
    const clock = settings.clock ?? systemClock;
    const log = limitedLog(settings.log ?? consoleLog('silent'), clock);
    const store = settings.store ?? new MemoryStore({ clock, maxMemory: settings.maxMemory });
    warnIfOpen(settings, log);
    await store.open();
    const datasets = await openDatasets(settings, store, log);
    const listener = await Listener.open({ settings, clock, log, isReady: () => store.isReady });
    const { maxValueSize, maxReply, watchAll } = settings;
    const info = (asked: boolean) => infoMembers(asked, settings, listener.connectionCount, store.memoryUsed);
    const limits = { maxValueSize, maxReply };
    const router = new EventRouter(store.events);
    const dispatcher = new Dispatcher({ store, datasets, limits, router, watchAll, info }, log);
    listener.serve(dispatcher, () => metricsOf(store, dispatcher));
    const stopExpiry = store.startExpiry(settings.sweepInterval, (cause) => log.error('A sweep failed.', cause));
    const { autosave } = settings;
    const stopSaving = datasets && autosave !== undefined ? saveRegularly(datasets, clock, autosave) : undefined;
    return new NdbServer(listener.address, settings.tls !== undefined, async () => {
      stopExpiry();
      stopSaving?.();
      await listener.close();
      if (autosave !== undefined) await datasets?.saveAll();
      await datasets?.idle();
    });
  }

  /**
   * Stops: clients are closed with 1001, and a save that is running is finished. Resolves when all is released; further
   * calls give the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  /** `await using server = await NdbServer.listen()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Warns of a server that everybody in the network may use. */
function warnIfOpen({ host, bearerToken, tls }: ServerSettings, log: Log): void {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal || (bearerToken !== undefined && tls !== undefined)) return;
  const missing = [bearerToken === undefined && 'bearer token', tls === undefined && 'TLS']
    .filter(Boolean)
    .join(' and no ');
  log.warn(`The server listens beyond this machine with no ${missing}. See the options bearerToken and tls.`);
}

async function metricsOf(store: Store, { counts }: Dispatcher): Promise<StoreMetrics> {
  const [totals, topLevelKeys] = await Promise.all([store.totals(), store.countTopLevel()]);
  const { memoryUsed } = store;
  return { sessions: totals.sessions, sessionKeys: totals.keys, topLevelKeys, memoryUsed, commands: counts };
}

/** Makes ready to save in the folder of `persist`, and loads the dataset of `load`. */
async function openDatasets(
  { persist, load, autosave, keepSaves }: ServerSettings,
  store: Store,
  log: Log,
): Promise<Datasets | undefined> {
  if (persist === undefined) return undefined;
  await checkFolder(persist);
  await removeLeftovers(persist);
  const datasets = new Datasets(persist, store, log, keepSaves);
  const failed = autosave === undefined ? undefined : await datasets.loadAll();
  if (failed !== undefined)
    throw new ValueError(`autosave can't load "${failed}" from the folder of persist.`, 'autosave');
  if (load === undefined) return datasets;
  const loaded = await datasets.load(load);
  if (loaded.outcome !== 'loaded') {
    throw new ValueError(`load names "${load}", which can't be loaded from the folder of persist.`, 'load');
  }
  log.info(`Loaded ${loaded.sessions} sessions and ${loaded.keys} keys.`);
  return datasets;
}

/** Saves everything again and again, each time `interval` ms after the save before. Returns its undo. */
function saveRegularly(datasets: Datasets, clock: Clock, interval: number): () => void {
  let cancel = () => {};
  let isStopped = false;
  const wait = () => {
    if (!isStopped) cancel = clock.schedule(() => void datasets.saveAll().then(wait), interval);
  };
  wait();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** The members of `SV_INFO` that NemesisDB does not have: those that a client needs, or all if it asks for them. */
function infoMembers(
  asked: boolean,
  { maxPayload, sweepInterval }: ServerSettings,
  connections: number,
  memoryUsed: number | undefined,
): string {
  const limit = `"maxPayload":${maxPayload},`;
  if (!asked) return maxPayload === usualMaxPayload ? '' : limit;
  const memory = memoryUsed === undefined ? '' : `"memoryUsed":${memoryUsed},`;
  return `"connections":${connections},"features":["ids","watch"],${limit}${memory}"sweepInterval":${sweepInterval},`;
}
