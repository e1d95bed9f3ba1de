import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { anchors, commandBlocks, links, markdownFiles, read } from './markdown';

const files = markdownFiles();

function brokenLinks(file: string): readonly string[] {
  return links(read(file)).flatMap((link) => {
    if (/^(https?|mailto):/.test(link)) return [];
    const [target = '', anchor] = link.split('#');
    const relative = target === '' ? file : path.join(path.dirname(file), decodeURIComponent(target));
    const absolute = path.join(PROJECT_ROOT, relative);
    if (!existsSync(absolute)) return [`${link}: no such file`];
    if (anchor === undefined || statSync(absolute).isDirectory()) return [];
    return anchors(read(relative)).has(anchor) ? [] : [`${link}: no such heading`];
  });
}

test.each(files)('every relative link of %s leads to a file and a heading that exist', (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

test('every page under docs can be reached from docs/README.md', () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !existsSync(path.join(PROJECT_ROOT, file))) return;
    if (statSync(path.join(PROJECT_ROOT, file)).isDirectory()) {
      for (const page of files.filter((other) => path.dirname(other) === path.normalize(file).replace(/\/$/, '')))
        visit(page);
      return;
    }
    reached.add(file);
    for (const link of links(read(file))) {
      const [target = ''] = link.split('#');
      if (target !== '' && !/^\w+:/.test(link)) visit(path.join(path.dirname(file), target));
    }
  };
  visit('docs/README.md');
  expect(files.filter((file) => file.startsWith('docs/') && !reached.has(file))).toEqual([]);
});

test('every test that a page names as its proof exists', () => {
  const missing = files.flatMap((file) =>
    [...read(file).matchAll(/`(test\/[\w./-]+)`/g)]
      .map(([, named = '']) => named)
      .filter((named) => !existsSync(path.join(PROJECT_ROOT, named)))
      .map((named) => `${file}: ${named}`),
  );
  expect(missing).toEqual([]);
});

test('each guarantee of docs/delivery.md has a number of its own', () => {
  const numbers = [...read('docs/delivery.md').matchAll(/^\| ([A-Z]\d+\w?) \|/gm)].map(([, number = '']) => number);
  expect(numbers.length).toBeGreaterThan(50);
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});

/** Promise, file and title of each row under the heading of docs/delivery.md that holds the README's promises. */
function promises(): readonly (readonly [string, string, string])[] {
  const [section = ''] = /^## The README's promises\n[\s\S]*?(?=^## )/m.exec(read('docs/delivery.md')) ?? [];
  return [...section.matchAll(/^\| (.+) \| `(test\/[\w./-]+)` \| (.+) \|$/gm)].map(
    ([, promise = '', file = '', title = '']) => [promise, file, title] as const,
  );
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

test.each(promises())('the README says "%s", and %s has its test', (promise, file, title) => {
  expect(oneLine(read('README.md'))).toContain(promise);
  expect(read(file)).toContain(title);
});

test('each part of the README has a promise with a test', () => {
  const [, parts = ''] = read('README.md').split(/^## The parts$/m);
  const said = promises().map(([promise]) => promise);
  const without = parts
    .split(/^### /m)
    .slice(1)
    .filter((part) => !said.some((promise) => oneLine(part).includes(promise)))
    .map((part) => part.split(':')[0]);
  expect(without).toEqual([]);
});

test('anchors and command blocks are read as GitHub shows them', () => {
  expect([...anchors('# A `b` [c](d.md)!\n## A b c\n```sh\n# no heading\n```\n## Über-uns 2')]).toEqual([
    'a-b-c',
    'a-b-c-1',
    'über-uns-2',
  ]);
  expect(
    commandBlocks(
      'x\n\n```sh\nls\n```\n\n<!-- tested in a fresh clone: slow -->\n```bash\nrm\n```\n```json\n{}\n```\n',
    ),
  ).toEqual([
    { line: 3, commands: 'ls\n', inFreshClone: false },
    { line: 7, commands: 'rm\n', inFreshClone: true },
  ]);
});
