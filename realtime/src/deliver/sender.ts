import type { ChannelTarget } from '../config/delivery';
import { emailSender } from './email-sender';
import { httpSender } from './http-sender';
import type { Sender } from './outcome';
import { slackBody, webhookBody } from './words';

/** @param timeoutMs after which an attempt counts as unavailable */
export function senderOf(target: ChannelTarget, timeoutMs: number): Sender {
  switch (target.kind) {
    case 'webhook':
      return httpSender(target.url, target.headers, webhookBody, timeoutMs);
    case 'slack':
      return httpSender(target.url, {}, slackBody, timeoutMs);
    case 'email':
      return emailSender(target, timeoutMs);
    default:
      return target satisfies never;
  }
}
