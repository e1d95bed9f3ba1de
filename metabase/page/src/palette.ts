/** Colours that ECharts is given; the rest of the page takes the same ones from the style sheet's variables. */
export interface Palette {
  readonly series: readonly string[];
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
}

export const light: Palette = {
  series: ['#3d5bd9', '#0f9d8a', '#e8912d', '#a24bc4', '#2b9fd6', '#d6455d', '#7a9a1f', '#8b7355', '#5a6b86'],
  ink: '#1b2333',
  muted: '#5b667a',
  line: '#e4e8ef',
  surface: '#ffffff',
};

export const dark: Palette = {
  series: ['#8aa2ff', '#3cc9b4', '#f5b35c', '#c98be6', '#66c3ee', '#f0798d', '#adc95a', '#c2a887', '#9aabc7'],
  ink: '#e8ecf4',
  muted: '#9aa6ba',
  line: '#2a3346',
  surface: '#161d2b',
};
