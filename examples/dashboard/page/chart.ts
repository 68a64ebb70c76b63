/** Extensions (up) and lapses (down) of the last two minutes, one bar for two seconds. */
import type { ConnectionState, SessionEvent } from 'rx-nemesisdb';
import { bufferTime, map, type Observable, scan, tap, withLatestFrom } from 'rxjs';
import { byId, setText } from './dom.js';

const period = 2000;
const bars = 60;
const width = 360;
const half = 36;

interface Bar {
  readonly extended: number;
  readonly lapsed: number;
  /** Without a connection nothing is known: that is not the same as nothing happened. */
  readonly isKnown: boolean;
}

const chart = byId('chart', SVGSVGElement);
const path = (series: string) => chart.querySelector(`.${series}`);

export function showChart(
  events$: Observable<SessionEvent>,
  connection$: Observable<ConnectionState>,
): Observable<unknown> {
  return events$.pipe(
    bufferTime(period),
    withLatestFrom(connection$),
    map(([events, { state }]): Bar => {
      const countOf = (type: SessionEvent['type']) => events.filter((event) => event.type === type).length;
      return { extended: countOf('extended'), lapsed: countOf('expired'), isKnown: state === 'open' };
    }),
    scan((all: readonly Bar[], bar) => [...all, bar].slice(-bars), []),
    tap(draw),
  );
}

function draw(all: readonly Bar[]): void {
  const most = Math.max(4, ...all.flatMap(({ extended, lapsed }) => [extended, lapsed])); // sixty bars at most
  const step = width / bars;
  const left = (index: number) => width - (all.length - index) * step;
  const barsOf = (heightOf: (bar: Bar) => number) =>
    all
      .map((bar, index) => {
        const height = (heightOf(bar) / most) * (half - 2);
        return height === 0 ? '' : `M${left(index) + 1} ${half}h${step - 2}v${-height}h${2 - step}z`;
      })
      .join('');
  path('extended')?.setAttribute(
    'd',
    barsOf(({ extended }) => extended),
  );
  path('lapsed')?.setAttribute(
    'd',
    barsOf(({ lapsed }) => -lapsed),
  );
  const unknown = all.map(({ isKnown }, index) => (isKnown ? '' : `M${left(index)} 0h${step}v${2 * half}h${-step}z`));
  path('unknown')?.setAttribute('d', unknown.join(''));

  const extended = all.reduce((sum, bar) => sum + bar.extended, 0);
  const lapsed = all.reduce((sum, bar) => sum + bar.lapsed, 0);
  chart.ariaLabel = `In the last two minutes ${extended} extensions and ${lapsed} expirations`;
  setText(byId('rate-extended', HTMLElement), `${extended}`);
  setText(byId('rate-lapsed', HTMLElement), `${lapsed}`);
}
