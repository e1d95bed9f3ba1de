import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';

const folder = path.join(PROJECT_ROOT, 'source-ewallet');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

test('metadata.yaml says what the platform asks of a connector, and agrees with the spec and the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const { documentationUrl } = JSON.parse(read('spec.json')) as { documentationUrl: string };
  const metadata = parse(read('metadata.yaml')) as { metadataSpecVersion: string; data: Record<string, unknown> };
  expect(metadata.metadataSpecVersion).toBe('1.0');
  expect(metadata.data).toMatchObject({
    connectorType: 'source',
    connectorSubtype: 'database',
    definitionId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
    dockerRepository: 'ewallet/source-ewallet',
    dockerImageTag: version,
    documentationUrl,
    icon: 'icon.svg',
    license: 'Apache-2.0',
    releaseStage: 'alpha',
    supportLevel: 'community',
    supportsRefreshes: true,
    // Where the image may connect to; the tunnel's server where there is one.
    allowedHosts: { hosts: ['${tunnel_method.tunnel_host}', '${host}'] },
  });
});

test('the icon is one square SVG image that loads nothing from elsewhere', () => {
  const script = [
    'import sys, json, xml.dom.minidom as dom',
    'root = dom.parse(sys.argv[1]).documentElement',
    'print(json.dumps([root.tagName, root.namespaceURI, root.getAttribute("viewBox")]))',
  ].join('\n');
  const found = execFileSync('python3', ['-c', script, path.join(folder, 'icon.svg')], { encoding: 'utf8' });
  expect(JSON.parse(found)).toEqual(['svg', 'http://www.w3.org/2000/svg', '0 0 250 250']);
  expect(read('icon.svg')).not.toMatch(/href|<script|<image|url\(/);
});
