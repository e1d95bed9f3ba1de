import { BALANCE_MISMATCH } from '../config/signal-names';
import type { Alert } from './alert';
import type { Message } from './verdict';

/** One line that says what happened: the subject of an e-mail. */
export function headline(message: Message): string {
  const { signal, severity, customer } = subjectOf(message);
  const who = customer === undefined ? '' : `: customer ${customer}`;
  return message.event === 'raised' ? `[${severity}] ${signal}${who}` : `[taken back] ${signal}${who}`;
}

/** What a person needs to begin, a fact on each line. */
export function facts(message: Message): readonly string[] {
  if (message.event === 'retracted') {
    return ['A correction in the e-wallet took the reason for this alert away.', `alert: ${message.id}`];
  }
  const { alert } = message;
  if (alert.signal === BALANCE_MISMATCH) {
    return [
      alert.explanation,
      `difference: ${shortened(alert.amount ?? '')} ${alert.currency ?? ''}`.trimEnd(),
      `wallet: ${alert.subject ?? ''}`,
      `unchanged since ${instant(alert.windowEnd)}`,
      `alert: ${alert.id}`,
    ];
  }
  return [
    alert.explanation,
    ...(alert.amount === undefined ? [] : [`amount: ${shortened(alert.amount)} ${alert.currency ?? ''}`.trimEnd()]),
    `transactions: ${alert.transactions}`,
    `from ${instant(alert.windowStart)} to ${instant(alert.windowEnd)}`,
    ...(alert.subject === undefined ? [] : [`about: ${alert.subject}`]),
    `alert: ${alert.id}`,
  ];
}

/** The body of a webhook: a fixed set of members, null where one does not apply. */
export function webhookBody(message: Message): string {
  if (message.event === 'retracted') {
    const { signal, customer, severity } = message.told;
    return JSON.stringify({
      event: message.event,
      idempotency_key: message.key,
      alert_id: message.id,
      signal,
      severity,
      customer_id: customer ?? null,
    });
  }
  const { alert } = message;
  return JSON.stringify({
    event: message.event,
    idempotency_key: message.key,
    alert_id: alert.id,
    signal: alert.signal,
    severity: alert.severity,
    customer_id: alert.customer ?? null,
    subject: alert.subject ?? null,
    window_start: instant(alert.windowStart),
    window_end: instant(alert.windowEnd),
    transactions: Number(alert.transactions),
    amount: alert.amount ?? null,
    currency: alert.currency ?? null,
    explanation: alert.explanation,
  });
}

/** The body that Slack's incoming webhooks take, and Mattermost's and Rocket.Chat's. */
export function slackBody(message: Message): string {
  return JSON.stringify({ text: `*${slackText(headline(message))}*\n${facts(message).map(slackText).join('\n')}` });
}

/** Slack reads these three as markup. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function subjectOf(message: Message): Pick<Alert, 'customer'> & { readonly signal: string; readonly severity: string } {
  return message.event === 'raised' ? message.alert : message.told;
}

/** An amount without the zeros after its cents: 1500.0000 is 1500.00. */
function shortened(amount: string): string {
  return amount.replace(/(\.\d{2}\d*?)0+$/, '$1');
}

/** A moment that no calendar has is shown as it is. */
function instant(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? `${at} ms after 1970` : date.toISOString().replace('.000Z', 'Z');
}
