/** Starts the embedded server that the tests in a browser talk to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { NdbServer } from '../../../src/server/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    serverUrl: string;
  }
}

export default async function startServer(project: TestProject) {
  const persist = await mkdtemp(join(tmpdir(), 'rx-nemesisdb-'));
  const server = await NdbServer.listen({ allowOrigin: '*', persist });
  project.provide('serverUrl', server.url);
  return async () => {
    await server.close();
    await rm(persist, { recursive: true });
  };
}
