// A test as NestJS sets it up: Jest's defaults, CommonJS, no configuration.
const { NdbClient, NdbError } = require('rx-nemesisdb');
const { NdbServer } = require('rx-nemesisdb/server');
const { firstValueFrom, Observable, switchMap } = require('rxjs');

let server;
let client;

beforeAll(async () => {
  server = await NdbServer.listen({ sweepInterval: 50 });
  client = new NdbClient({ sweepInterval: 50 });
  await firstValueFrom(client.open(server.url));
});

afterAll(async () => {
  await firstValueFrom(client.close());
  await server.close();
});

test('a session lapses', async () => {
  const expired$ = client
    .sh_create_session({ durationSeconds: 1, deleteSessionOnExpire: true })
    .pipe(switchMap((session) => session.expired$));
  expect(expired$).toBeInstanceOf(Observable);
  expect((await firstValueFrom(expired$)).outcome).toBe('sessionDeleted');
});

test('an error has its class', async () => {
  await expect(firstValueFrom(client.session('1'))).rejects.toBeInstanceOf(NdbError);
});
