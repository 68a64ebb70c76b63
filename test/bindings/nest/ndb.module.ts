import { type DynamicModule, Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { NdbClient } from 'rx-nemesisdb';
import { firstValueFrom, type Observable, switchMap } from 'rxjs';

/** One client for the application, which starts when it is connected and closes it at its end. */
@Module({})
export class NdbModule implements OnModuleDestroy {
  constructor(@Inject(NdbClient) private readonly client: NdbClient) {}

  static forRoot(url: string): DynamicModule {
    const connect = async () => {
      const client = new NdbClient();
      await firstValueFrom(client.open(url));
      return client;
    };
    return {
      module: NdbModule,
      global: true,
      providers: [{ provide: NdbClient, useFactory: connect }],
      exports: [NdbClient],
    };
  }

  async onModuleDestroy(): Promise<void> {
    await firstValueFrom(this.client.close(), { defaultValue: undefined });
  }
}

@Injectable()
export class Carts {
  constructor(@Inject(NdbClient) private readonly client: NdbClient) {}

  /** Nest subscribes to what a handler returns, so a controller can return this as it is. */
  read(tkn: string): Observable<unknown> {
    return this.client.session(tkn).pipe(switchMap((session) => session.get({ key: 'cart' })));
  }
}
