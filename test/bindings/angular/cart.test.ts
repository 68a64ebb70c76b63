import '@angular/compiler';
import { provideZonelessChangeDetection } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { BrowserTestingModule, platformBrowserTesting } from '@angular/platform-browser/testing';
import { NdbClient } from 'rx-nemesisdb';
import { lastValueFrom } from 'rxjs';
import { expect, test } from 'vitest';
import { startServer } from '../support/session.js';
import { CartState, provideNdbClient } from './cart.js';

TestBed.initTestEnvironment(BrowserTestingModule, platformBrowserTesting());

test('an Angular component without zones shows a session through a signal and the async pipe until it expires', async () => {
  TestBed.configureTestingModule({
    providers: [provideZonelessChangeDetection(), provideNdbClient(await startServer())],
  });
  const fixture = TestBed.createComponent(CartState);
  const shown = () => [...fixture.nativeElement.querySelectorAll('p')].map(({ textContent }) => textContent);
  await expect.poll(shown).toEqual(['alive', 'alive']);
  await expect.poll(shown, { timeout: 10_000 }).toEqual(['expired', 'expired']);

  const { connection$ } = TestBed.inject(NdbClient);
  TestBed.resetTestingModule();
  expect(await lastValueFrom(connection$)).toMatchObject({ state: 'closed' });
});
