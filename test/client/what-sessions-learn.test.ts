import { describe, expect, it } from 'vitest';
import { call } from '../../src/client/call.js';
import { settingsOf } from '../../src/client/options.js';
import { ReplyLostError, TimeoutError } from '../../src/errors.js';
import { commands } from '../../src/protocol/commands.js';
import type { SettledCommand } from '../../src/session/port.js';
import type { Reply } from '../../src/transport/transport.js';
import { type Answer, FakeTransport } from '../support/peers/fake-transport.js';
import { settled } from '../support/settled.js';

/** Calls with somebody who listens, or not. */
function listen(answer: Answer, listening = true, cancelOutcome: 'unknown' | 'not-sent' = 'unknown') {
  const heard: [string, string, bigint | undefined][] = [];
  const note =
    (what: string) =>
    ({ row, tkn }: SettledCommand) =>
      heard.push([what, row.command, tkn]);
  const transport = new FakeTransport(answer, cancelOutcome);
  const observer = { listening, replied: note('replied'), lost: note('lost') };
  return { heard, context: { transport, settings: settingsOf(), observer } };
}

describe('whoever follows sessions', () => {
  it('hears of each reply, of any status, before the caller does', async () => {
    const { heard, context } = listen((command) => ({ st: command === 'SH_END' ? 100 : 1 }));
    call(context, 'sh_set', commands.sh_set, ['7', {}]).subscribe(() => heard.push(['result', '', undefined]));
    await settled(call(context, 'sh_end', commands.sh_end, [8n]));
    expect(heard).toEqual([
      ['replied', 'SH_SET', 7n],
      ['result', '', undefined],
      ['replied', 'SH_END', 8n],
    ]);
  });

  it('hears of each part of a split set', async () => {
    const { heard, context } = listen(() => ({ st: 1 }));
    context.transport.maxPayload = 64;
    await settled(call(context, 'sh_set', commands.sh_set, [1n, { a: 'x'.repeat(20), b: 'x'.repeat(20) }]));
    expect(heard.length).toBe(2);
  });

  it('hears of each part of a split question with the tokens of that part: the others were not asked about', async () => {
    const { context } = listen((_, body) => ({ st: 1, exist: body.tkns ?? [] }));
    const heard: [unknown, unknown][] = [];
    const observer = {
      ...context.observer,
      replied: ({ argument }: SettledCommand, { body }: Reply) => void heard.push([argument, body.exist]),
    };
    context.transport.maxPayload = 64;
    const tkns = [1n, 2n, 3n].map((n) => n * 10n ** 18n);
    await settled(call({ ...context, observer }, 'sh_session_exists', commands.sh_session_exists, [tkns]));
    expect(heard).toEqual([
      [tkns.slice(0, 2), tkns.slice(0, 2)],
      [tkns.slice(2), tkns.slice(2)],
    ]);
  });

  it('hears that a reply was lost where the server may have executed the command, and only then', async () => {
    const errors = [
      new TimeoutError('SH_SET', 1, 'unknown'),
      new ReplyLostError('SH_SET', 'executed', 'test'),
      new TimeoutError('SH_SET', 1, 'not-sent'),
    ];
    const { heard, context } = listen(() => errors.shift());
    for (let n = 0; n < 3; n++) await settled(call(context, 'sh_set', commands.sh_set, [1n, {}]));
    expect(heard).toEqual([
      ['lost', 'SH_SET', 1n],
      ['lost', 'SH_SET', 1n],
    ]);
  });

  it('hears of a request that was written and unsubscribed, not of one that never left', () => {
    const written = listen(() => undefined);
    call(written.context, 'sh_set', commands.sh_set, [1n, {}]).subscribe().unsubscribe();
    expect(written.heard).toEqual([['lost', 'SH_SET', 1n]]);

    const queued = listen(() => undefined, true, 'not-sent');
    call(queued.context, 'sh_set', commands.sh_set, [1n, {}]).subscribe().unsubscribe();
    expect(queued.heard).toEqual([]);
  });
});
