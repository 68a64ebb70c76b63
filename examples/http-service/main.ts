/**
 * An HTTP service with session cookies: sliding expiry, and logging out everywhere.
 *
 *     npx tsx examples/http-service/main.ts                              on an embedded server
 *     NDB_URL=ws://127.0.0.1:1987/ npx tsx examples/http-service/main.ts on a NemesisDB that is running
 *
 *     curl -c jar -H 'content-type: application/json' -d '{"user":"ada"}' http://127.0.0.1:3000/login
 *     curl -b jar -c jar http://127.0.0.1:3000/me
 */
import { randomBytes } from 'node:crypto';
import { NdbClient } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom } from 'rxjs';
import { createService } from './service.js';

const { NDB_URL, PORT = '3000', MAX_AGE = '1800000', SECRET = randomBytes(32).toString('hex') } = process.env;

const server = NDB_URL === undefined ? await NdbServer.listen({ maxPayload: 65_536 }) : undefined;
const client = new NdbClient();
await firstValueFrom(client.open(NDB_URL ?? server?.url ?? ''));

const { app, store } = createService(client, { secret: SECRET, maxAge: Number(MAX_AGE) });
store.lapsed$.subscribe(() => console.log('A session lapsed.'));
const http = app.listen(Number(PORT), '127.0.0.1', () => console.log(`Listening on http://127.0.0.1:${PORT}`));

process.once('SIGTERM', async () => {
  http.close();
  await firstValueFrom(client.close());
  await server?.close();
});
