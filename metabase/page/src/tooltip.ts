import type { Palette } from './palette';

export function tooltip(palette: Palette): object {
  return {
    confine: true,
    appendTo: 'body',
    backgroundColor: palette.surface,
    borderColor: palette.line,
    padding: 0,
    textStyle: { color: palette.ink, fontSize: 12 },
  };
}

/** A tooltip made of text nodes: ECharts would read a string as HTML. */
export function tooltipBox(
  title: string,
  lines: readonly { color: string; name: string; value: string }[],
): HTMLElement {
  const box = document.createElement('div');
  box.className = 'tip';
  const head = document.createElement('div');
  head.className = 'tip-title';
  head.textContent = title;
  box.append(head);
  for (const line of lines) {
    const row = document.createElement('div');
    row.className = 'tip-line';
    const dot = document.createElement('span');
    dot.className = 'tip-dot';
    dot.style.background = line.color;
    const name = document.createElement('span');
    name.textContent = line.name;
    const value = document.createElement('b');
    value.textContent = line.value;
    row.append(dot, name, value);
    box.append(row);
  }
  return box;
}
