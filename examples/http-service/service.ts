import express, { type Express, type Request } from 'express';
import session from 'express-session';
import type { NdbClient } from 'rx-nemesisdb';
import { firstValueFrom } from 'rxjs';
import { NdbStore } from './ndb-store.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
    views: number;
  }
}

/** How the service is set up. */
export interface ServiceOptions {
  /** What the ids in cookies are signed with. */
  readonly secret: string;
  /** Milliseconds after which somebody who does nothing is logged out. */
  readonly maxAge: number;
}

/** A service that people log in to. Their sessions slide, and they can log out everywhere. */
export function createService(
  client: NdbClient,
  { secret, maxAge }: ServiceOptions,
): { app: Express; store: NdbStore } {
  const store = new NdbStore(client);
  const app = express();
  app.use(express.json());
  app.use(
    session({
      store,
      secret,
      name: 'session',
      resave: false, // a session that did not change is touched
      saveUninitialized: false, // visitors who do not log in have none
      rolling: true, // the cookie slides with the session
      cookie: { maxAge, httpOnly: true, sameSite: 'lax' },
    }),
  );

  app.post('/login', async (request, response) => {
    // A real service checks a password here.
    const { user } = request.body;
    if (typeof user !== 'string' || user === '') return response.status(400).json({ error: 'Who are you?' });
    await renew(request); // a new id, so that nobody who planted the old one is logged in too
    request.session.user = user;
    request.session.views = 0;
    await firstValueFrom(client.kv_add({ [sessionsOf(user)]: [] }));
    await firstValueFrom(client.kv_arr_append({ key: sessionsOf(user), items: [request.sessionID] }));
    response.json({ user });
  });

  app.get('/me', (request, response) => {
    const { user, views } = request.session;
    if (user === undefined) return response.status(401).json({ error: 'Log in first.' });
    request.session.views = (views ?? 0) + 1;
    response.json({ user, views: request.session.views });
  });

  app.post('/logout', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.status(204).end()));
  });

  app.post('/logout-everywhere', async (request, response) => {
    const { user } = request.session;
    if (user === undefined) return response.status(401).json({ error: 'Log in first.' });
    const sids = await firstValueFrom(client.kv_get({ key: sessionsOf(user) }));
    await firstValueFrom(client.kv_rmv({ key: sessionsOf(user) }));
    await Promise.all((Array.isArray(sids) ? sids : []).map((sid) => end(store, String(sid))));
    response.status(204).end();
  });

  return { app, store };
}

const sessionsOf = (user: string) => `sessions:${user}`;

const end = (store: NdbStore, sid: string) =>
  new Promise<void>((resolve, reject) => {
    store.destroy(sid, (error) => (error ? reject(error) : resolve()));
  });

const renew = (request: Request) =>
  new Promise<void>((resolve, reject) => {
    request.session.regenerate((error) => (error ? reject(error) : resolve()));
  });
