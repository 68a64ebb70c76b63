import type { Comparison, Spread } from './statistics.js';

/** What a figure has to be. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One line of the table. */
export interface Row {
  readonly work: string;
  readonly ours: string;
  /** Whom it is measured against, with its figure; empty where there is nobody. */
  readonly peer: string;
  /** What the goal is about: a ratio to the peer, or the figure itself. */
  readonly figure: Spread;
  readonly unit: 'ratio' | string;
  /** Absent: the figure is reported, and that is all. */
  readonly goal?: Goal;
}

/** Writes a number with its unit, at three digits. */
export function show(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit === '' ? '' : ` ${unit}`}`;
}

/** A line that compares with a peer. */
export function compared(work: string, unit: string, peer: string, comparison: Comparison, goal?: Goal): Row {
  return {
    work,
    ours: show(comparison.ours.median, unit),
    peer: `${peer} ${show(comparison.peer.median, unit)}`,
    figure: comparison.ratio,
    unit: 'ratio',
    ...(goal === undefined ? {} : { goal }),
  };
}

/** A line that has nobody to compare with. */
export function reported(work: string, unit: string, figure: Spread, goal?: Goal): Row {
  return { work, ours: show(figure.median, unit), peer: '', figure, unit, ...(goal === undefined ? {} : { goal }) };
}

export function isMet({ figure, goal }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? figure.median >= goal.atLeast : figure.median <= goal.atMost;
}

const verdicts = new Map([
  [true, 'met'],
  [false, 'MISSED'],
  [undefined, 'reported'],
]);

const headings = ['work', 'ours', 'peer', 'ratio', 'spread', 'goal', 'verdict'] as const;

function cellsOf(row: Row): readonly string[] {
  const { figure, goal } = row;
  const unit = row.unit === 'ratio' ? '' : row.unit;
  return [
    row.work,
    row.ours,
    row.peer,
    row.unit === 'ratio' ? figure.median.toFixed(2) : '',
    row.unit === 'ratio'
      ? `${figure.least.toFixed(2)} to ${figure.most.toFixed(2)}`
      : `${show(figure.least, '')} to ${show(figure.most, '')}`,
    goal === undefined ? '' : 'atLeast' in goal ? `≥ ${goal.atLeast} ${unit}` : `≤ ${goal.atMost} ${unit}`,
    verdicts.get(isMet(row)) ?? '',
  ];
}

/** All lines, in aligned columns. */
export function table(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const written = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [written[0], rule, ...written.slice(1)].join('\n');
}
