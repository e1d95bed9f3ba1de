import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { PROJECT_ROOT } from '../../support/command';

jest.setTimeout(60_000); // the compiler on a busy machine

/**
 * Grafana publishes its schema as TypeScript: a dashboard and its panels, the options and the drawing of each kind of panel
 * (@grafana/schema), and what is asked of Prometheus (@grafana/grafana-foundation-sdk). An option that Grafana does not know
 * is a property too many, which the compiler refuses in a literal.
 */
const SCHEMA = `
import type { GridPos, MatcherConfig, Panel, RowPanel, Dashboard, FieldConfig } from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';
import type * as stateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

/** As JSON has it: the value of an enumeration instead of its name. */
type AsJson<T> = T extends string
  ? \`\${T}\`
  : T extends number
    ? (\`\${T}\` extends \`\${infer Value extends number}\` ? Value : never)
    : T extends object
      ? { [Key in keyof T]: AsJson<T[Key]> }
      : T;

interface PanelOf<Type, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  id: number;
  title: string;
  gridPos: GridPos;
  type: Type;
  options: Options;
  fieldConfig: {
    defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };
    overrides: { matcher: MatcherConfig; properties: { id: string; value?: unknown }[] }[];
  };
  targets: (Omit<Dataquery, '_implementsDataqueryVariant'> & { refId: string })[];
}

type Known = Omit<Dashboard, 'panels'> & {
  panels: (
    | RowPanel
    | PanelOf<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
    | PanelOf<'table', table.Options, table.FieldConfig>
    | PanelOf<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
  )[];
};

export const dashboard: AsJson<Known> = `;

const shipped = readFileSync(path.join(PROJECT_ROOT, 'deploy/observability/dashboard.json'), 'utf8');

/** What Grafana's schema has against a dashboard. */
function faults(json: string): readonly string[] {
  const file = path.join(PROJECT_ROOT, 'dashboard-and-its-schema.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, target) =>
    name === file ? ts.createSourceFile(name, `${SCHEMA}${json};`, target) : getSourceFile(name, target);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test("the dashboard is one by Grafana's own schema: its panels, their options, and what they ask", () => {
  expect(faults(shipped)).toEqual([]);
});

test.each([
  ['an option that no panel has', '"showHeader": true', '"showsHeader": true', /"showsHeader"/],
  ['a way to draw that is none', '"drawStyle": "line"', '"drawStyle": "lines"', /"lines"/],
  ['a kind of panel that is none', '"type": "state-timeline"', '"type": "timeline"', /"timeline"/],
  ['a format of answers that Prometheus has not', '"format": "table"', '"format": "tables"', /"tables"/],
])('%s would be found', (_, right, wrong, found) => {
  const broken = JSON.stringify(JSON.parse(shipped), undefined, 1).replace(right, wrong);
  expect(broken).toContain(wrong);
  expect(faults(broken).join('\n')).toMatch(found);
});
