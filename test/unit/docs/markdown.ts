import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';

/** Every Markdown file under version control or about to be, relative to the root. */
export function markdownFiles(): readonly string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');
}

export const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');

const withoutCode = (text: string): string => text.replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '').replace(/`[^`\n]*`/g, '');

/** Targets of links and images, code left out. */
export function links(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target]) => target!);
}

/** The page's own anchors, and those that GitHub makes of headings: lower case, spaces to dashes, other signs dropped, repeats numbered. */
export function anchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const found = new Set([...text.matchAll(/<a id="([\w-]+)"><\/a>/g)].map(([, id]) => id!));
  for (const [, heading] of text.replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const slug = heading!
      .replace(/`|\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const repeat = seen.get(slug) ?? 0;
    seen.set(slug, repeat + 1);
    found.add(repeat === 0 ? slug : `${slug}-${repeat}`);
  }
  return found;
}

export interface CommandBlock {
  readonly line: number;
  readonly commands: string;
  /** It installs, or runs the tests themselves: not for the checkout that the tests run in. */
  readonly inFreshClone: boolean;
}

/** Blocks fenced as sh or bash, with the comment before them that sends one to a fresh clone. */
export function commandBlocks(text: string): readonly CommandBlock[] {
  const block = /(^<!-- tested in a fresh clone: .+ -->\n+)?^```(?:sh|bash|shell)\n([\s\S]*?)^```$/gm;
  return [...text.matchAll(block)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    commands: match[2]!,
    inFreshClone: match[1] !== undefined,
  }));
}
