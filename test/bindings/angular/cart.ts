import { AsyncPipe } from '@angular/common';
import { Component, DestroyRef, type FactoryProvider, Injectable, inject } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { NdbClient } from 'rx-nemesisdb';
import { shareReplay, switchMap } from 'rxjs';

/** One client for the application, which is closed with it. */
export const provideNdbClient = (url: string): FactoryProvider => ({
  provide: NdbClient,
  useFactory: () => {
    const client = new NdbClient();
    client.open(url).pipe(takeUntilDestroyed()).subscribe();
    inject(DestroyRef).onDestroy(() => client.close());
    return client;
  },
});

@Injectable({ providedIn: 'root' })
export class Cart {
  readonly session$ = inject(NdbClient)
    .sh_create_session({ durationSeconds: 1, deleteSessionOnExpire: true })
    .pipe(shareReplay(1));
  readonly state$ = this.session$.pipe(switchMap((session) => session.state$));
}

@Component({
  selector: 'cart-state',
  imports: [AsyncPipe],
  template: `<p>{{ state()?.state }}</p><p>{{ (cart.state$ | async)?.state }}</p>`,
})
export class CartState {
  readonly cart = inject(Cart);
  readonly state = toSignal(this.cart.state$);
}
