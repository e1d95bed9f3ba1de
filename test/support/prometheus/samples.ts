/** One value of a metric, as `/metrics` shows it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one metric in Prometheus' text format, without the labels that every sample of the process has. */
export function samplesOf(text: string, metric: string, without: string): readonly Sample[] {
  const lines = text.matchAll(new RegExp(`^${metric}(?:\\{(.*)\\})? (\\S+)$`, 'gm'));
  return [...lines].map(([, labels = '', value]) => ({
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].flatMap(([, name = '', text = '']) =>
        name === without ? [] : [[name, text]],
      ),
    ),
    value: Number(value),
  }));
}
