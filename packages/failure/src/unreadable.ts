/** Why a file cannot be read, in words, as the end of a sentence. */
export function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason was given';
  switch (code) {
    case 'ENOENT':
      return 'there is no such file (ENOENT)';
    case 'EACCES':
    case 'EPERM':
      return `this user may not read it (${code})`;
    case 'EISDIR':
      return 'it is a folder (EISDIR)';
    case 'ENOTDIR':
      return 'a part of its path is a file (ENOTDIR)';
    default:
      return code;
  }
}
