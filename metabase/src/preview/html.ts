import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PageData } from './page-data';

const built = join(__dirname, '..');

/**
 * One HTML file with everything in it: data, style, chart library, the page's own code. Its content security policy
 * allows these scripts by their hashes and no others, and no network unless the page is served live.
 */
export function pageHtml(data: PageData): string {
  const library = inScript(readFileSync(require.resolve('echarts/dist/echarts.min.js'), 'utf8'));
  const code = inScript(bundle());
  const style = readFileSync(join(built, '..', 'page', 'style.css'), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src ${[library, code].map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`).join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    `connect-src ${data.live ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(data.title)}</title>
<style>
${style}</style>
</head>
<body>
<a class="skip" href="#main-content" id="skip">Skip to the dashboard</a>
<header class="top">
<div class="brand"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M4 20V11M10 20V4M16 20v-7M21 20H3"/></svg>${escapeHtml(data.title)}</div>
<nav aria-label="Dashboards"><ul id="dashboards"></ul></nav>
<button type="button" class="quiet" id="theme">Light / dark</button>
<button type="button" class="quiet" id="print">Print</button>
</header>
<main id="main-content" tabindex="-1">
<div class="title"><h1 id="dashboard-name"></h1><div class="as-of">${data.live ? 'Live · ' : ''}Warehouse as read on <span id="read-at"></span></div></div>
<p class="lead" id="dashboard-description"></p>
<div id="controls"></div>
<div id="panels"></div>
</main>
<noscript>This page needs JavaScript to draw its charts. It loads nothing from a network.</noscript>
<script type="application/json" id="page-data">${jsonInHtml(data)}</script>
<script>${library}</script>
<script>${code}</script>
</body>
</html>
`;
}

/** JSON that cannot end its script element, whatever a value says: `</script>`, `<!--`, line separators. */
function jsonInHtml(data: PageData): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The page's modules, as the compiler left them, behind a loader that knows them by file name. */
function bundle(): string {
  const page = join(built, 'page');
  const files = [
    join(built, 'preview', 'variant.js'),
    ...readdirSync(page)
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(page, name)),
  ];
  const modules = files.map((file) => {
    const source = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
    return `${JSON.stringify(basename(file, '.js'))}:function(exports,require){${source}\n}`;
  });
  return `(function(modules){var made={};function load(path){var name=path.split('/').pop();if(!made[name]){made[name]={};modules[name](made[name],load);}return made[name];}load('main');})({${modules.join(',\n')}});`;
}

/** Code inside a script element: `</script` in a string of it would end the element. */
function inScript(code: string): string {
  return code.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
