import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NdbClient } from 'rx-nemesisdb';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { expect, test } from 'vitest';
import { startServer } from '../support/session.js';
import { Carts, NdbModule } from './ndb.module.js';

test('a NestJS provider reads a session through the client that the module connects and closes', async () => {
  const url = await startServer();
  @Module({ imports: [NdbModule.forRoot(url)], providers: [Carts] })
  class App {}
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const client = app.get(NdbClient);
  const session = await firstValueFrom(client.sh_create_session({ durationSeconds: 30 }));
  await firstValueFrom(session.set({ cart: ['pears'] }));
  expect(await firstValueFrom(app.get(Carts).read(`${session.tkn}`))).toEqual(['pears']);

  await app.close();
  expect(await lastValueFrom(client.connection$)).toMatchObject({ state: 'closed' });
});
