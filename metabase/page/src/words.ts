const acronyms: Readonly<Record<string, string>> = { api: 'API', ios: 'iOS', kyc: 'KYC', pin: 'PIN', qr: 'QR' };

/** `bank_transfer` → `Bank transfer`, `api` → `API`: the marts' codes as words. What is no such code stays as it is. */
export function sentence(code: string): string {
  if (code === 'top_up') return 'Top-up'; // as the content's own titles spell it
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(code)) return code;
  return code
    .split('_')
    .map((word, index) => acronyms[word] ?? (index === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word))
    .join(' ');
}

export function shorten(label: string, length: number): string {
  const named = sentence(label);
  return named.length > length ? `${named.slice(0, length - 1)}…` : named;
}

/** A name in lines of about so many letters, parted between words alone: a number in two lines reads as two. */
export function inLines(name: string, letters: number): string {
  return name.split(' ').reduce((lines, word) => {
    const last = lines.slice(lines.lastIndexOf('\n') + 1);
    return lines === '' ? word : lines + (last.length + 1 + word.length > letters ? '\n' : ' ') + word;
  }, '');
}
