import type { Palette } from './palette';

/** How many lines a legend takes on the narrowest card of a sheet of paper: marks, gaps, and about what letters are wide. */
export function legendLines(titles: readonly string[]): number {
  return Math.ceil(titles.reduce((width, title) => width + 26 + 7 * title.length, 0) / 560);
}

export function legend(
  { show, printing }: { readonly show: boolean; readonly printing: boolean },
  palette: Palette,
): object {
  return {
    show,
    type: printing ? 'plain' : 'scroll',
    top: 4,
    left: 8,
    icon: 'roundRect',
    itemWidth: 10,
    itemHeight: 10,
    itemGap: 14,
    textStyle: { color: palette.muted },
    pageTextStyle: { color: palette.muted },
  };
}
