import { expect, test } from 'vitest';
import { file, folder, program, project, runTool } from './support/installed.js';

test("Jest's default set-up, CommonJS without configuration, runs a test of a session", async () => {
  const name = await folder('jest');
  await program('session.test.js', name);
  // Jest reports on stderr, and its status is 0 only if all tests pass.
  await runTool('jest/bin/jest.js', '--rootDir', `${project}/${name}`, '--ci');
});

test('vitest runs a test of a session', async () => {
  const name = await folder('vitest', 'module');
  await file(
    `${name}/session.test.js`,
    `import { NdbClient, NdbError } from 'rx-nemesisdb';
    import { NdbServer } from 'rx-nemesisdb/server';
    import { firstValueFrom, Observable, switchMap } from 'rxjs';

    test('a session lapses', async () => {
      const server = await NdbServer.listen({ sweepInterval: 50 });
      const client = new NdbClient({ sweepInterval: 50 });
      await firstValueFrom(client.open(server.url));
      const expired$ = client
        .sh_create_session({ durationSeconds: 1, deleteSessionOnExpire: true })
        .pipe(switchMap((session) => session.expired$));
      expect(expired$).toBeInstanceOf(Observable);
      expect((await firstValueFrom(expired$)).outcome).toBe('sessionDeleted');
      await expect(firstValueFrom(client.session('1'))).rejects.toBeInstanceOf(NdbError);
      await firstValueFrom(client.close());
      await server.close();
    });`,
  );
  const printed = await runTool('vitest/vitest.mjs', 'run', '--root', `${project}/${name}`, '--globals');
  expect(printed).toContain('1 passed');
});
