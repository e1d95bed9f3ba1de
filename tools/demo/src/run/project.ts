import path from 'node:path';

/** The clone this runs from. The demo is no installed package: it runs the other parts' commands from node_modules/.bin. */
export const ROOT = path.resolve(__dirname, '../../../..');

export function command(name: string): string {
  return path.join(ROOT, 'node_modules', '.bin', name);
}

/** Where the preview of the dashboards stays when everything else is gone. */
export const PREVIEW = path.join(ROOT, 'tools', 'demo', 'output', 'preview');
