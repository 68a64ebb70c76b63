/** A server, a client that is connected to it, and a session, for one test. */
import { NdbClient, type NewSession, type Session } from 'rx-nemesisdb';
import { NdbServer } from 'rx-nemesisdb/server';
import { firstValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';

export async function startServer(): Promise<string> {
  const server = await NdbServer.listen({ sweepInterval: 100 });
  onTestFinished(() => server.close());
  return server.url;
}

export async function connectedClient(): Promise<NdbClient> {
  const client = new NdbClient({ sweepInterval: 100 });
  await firstValueFrom(client.open(await startServer()));
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

/** A session of one second, which no get or set extends. */
export const shortSession: NewSession = { durationSeconds: 1, deleteSessionOnExpire: true };

export const newSession = async (): Promise<Session> =>
  firstValueFrom((await connectedClient()).sh_create_session(shortSession));
