import { createTransport } from 'nodemailer';
import type { ChannelTarget } from '../config/delivery';
import type { Outcome, Sender } from './outcome';
import { facts, headline } from './words';

/**
 * Sends e-mails over one connection that is kept. SMTP knows no idempotency: a repeated message has the same Message-ID,
 * by which most mail programs show it once.
 */
export function emailSender(target: Extract<ChannelTarget, { kind: 'email' }>, timeoutMs: number): Sender {
  const transport = createTransport({
    url: target.server,
    pool: true,
    maxConnections: 1,
    requireTLS: target.requireTls,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  const domain = /@([^@>\s]+)>?\s*$/.exec(target.from)?.[1] ?? 'localhost';
  return {
    async send(message) {
      try {
        await transport.sendMail({
          from: target.from,
          to: [...target.to],
          subject: headline(message),
          text: `${facts(message).join('\n')}\n`,
          messageId: `<${encodeURIComponent(message.key)}@${domain}>`,
          headers: { 'Idempotency-Key': message.key, 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        return { kind: 'delivered' };
      } catch (error) {
        return smtpOutcome(error);
      }
    },
    close: () => {
      transport.close();
    },
  };
}

/** The server's own words are left out: they may quote addresses or what was logged in with. */
export function smtpOutcome(error: unknown): Outcome {
  const { code, responseCode, command } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const where = typeof command === 'string' && /^[A-Z ]+$/.test(command) ? ` at ${command}` : '';
  const name = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'unknown error';
  if (typeof responseCode === 'number') {
    const cause = `SMTP ${responseCode}${where}`;
    // A wrong login is put right by the operator, and then every alert that waits is sent.
    return responseCode >= 500 && code !== 'EAUTH' ? { kind: 'refused', cause } : { kind: 'unavailable', cause };
  }
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return { kind: 'refused', cause: `no mail can be made (${name})` };
  return { kind: 'unavailable', cause: `no connection (${name})${where}` };
}
