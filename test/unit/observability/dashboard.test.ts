import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { PROJECT_ROOT, runProgram } from '../../support/command';
import { prometheusIsAvailable } from '../../support/prometheus/promtool';

jest.setTimeout(60_000); // promtool on a busy machine

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const { panels, templating } = JSON.parse(
  readFileSync(path.join(PROJECT_ROOT, 'deploy/observability/dashboard.json'), 'utf8'),
) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
};
const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
const withPromtool = prometheusIsAvailable() ? test : test.skip;

/** Everything that our processes say of themselves is named in these files: as a whole, or after the prefix of its file. */
function exposed(): ReadonlySet<string> {
  const files = [
    { folder: 'sink-warehouse/src/operate', prefix: '' },
    { folder: 'sync/src', prefix: 'ewallet_sync_' },
    { folder: 'pipeline/src/serve', prefix: 'ewallet_pipeline_' },
  ];
  return new Set(
    files.flatMap(({ folder, prefix }) =>
      readdirSync(path.join(PROJECT_ROOT, folder))
        .filter((file) => file.startsWith('metrics'))
        .flatMap((file) => {
          const text = readFileSync(path.join(PROJECT_ROOT, folder, file), 'utf8');
          return [...text.matchAll(/'([a-z_]+)'/g)].flatMap(([, name = '']) => [
            name,
            `${prefix}${name}`,
            `${prefix}follow_${name}`,
          ]);
        }),
    ),
  );
}

test('each panel has an id of its own, lies within the grid and over no other', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect({ title, over: taken.get(`${x}/${y}`) }).toEqual({ title, over: undefined });
        taken.set(`${x}/${y}`, title);
      }
    }
  }
});

test('each panel that is no row asks something of the data source that the user chooses', () => {
  expect(templating.list).toMatchObject([{ name: 'datasource', type: 'datasource' }]);
  for (const { type, datasource, targets } of panels) {
    if (type === 'row') continue;
    expect(datasource?.uid).toBe('${datasource}');
    expect(new Set(targets?.map(({ refId }) => refId)).size).toBe(targets?.length);
    expect(targets?.length).toBeGreaterThan(0);
  }
});

test('each metric that is asked for is one that the pipeline exposes', () => {
  const known = exposed();
  for (const { title, expr } of expressions) {
    const asked = expr.replaceAll(/"[^"]*"/g, '').match(/\b(?:ewallet|sink|flink)_\w+/g) ?? [];
    expect({ title, asksNothing: asked.length === 0 }).toEqual({ title, asksNothing: false });
    // Flink's own are checked on a running job: test/pipeline/realtime/live-results.test.ts.
    const ours = asked.filter((name) => !name.startsWith('flink_'));
    expect(ours.filter((name) => !known.has(name.replace(/_bucket$/, '')))).toEqual([]);
  }
});

withPromtool('each expression is PromQL', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'dashboard-'));
  try {
    const rules = expressions.map(({ expr }, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    await writeFile(path.join(directory, 'rules.yaml'), stringify({ groups: [{ name: 'panels', rules }] }));
    const { code, stdout, stderr } = await runProgram('promtool', ['check', 'rules', 'rules.yaml'], { cwd: directory });
    expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
