import type { Currency } from './countries';
import type { Micros } from './time';

/** What gives a payment back: by the shop, because it went wrong, or because the customer disputed it. */
export type ReturnType = 'refund' | 'reversal' | 'chargeback';
export type TransactionType = 'top_up' | 'transfer' | 'payment' | 'withdrawal' | ReturnType;
export type TransactionStatus = 'pending' | 'held' | 'completed' | 'failed';
export type Channel = 'app' | 'web' | 'qr' | 'agent' | 'bank_transfer' | 'card' | 'api';
export type Device = 'ios' | 'android' | 'web';
export type ActivityEvent =
  | 'login'
  | 'app_open'
  | 'pin_failed'
  | 'pin_changed'
  | 'kyc_submitted'
  | 'kyc_approved'
  | 'kyc_rejected'
  | 'device_added'
  | 'profile_viewed'
  | 'support_contacted';

/** A row of `transactions`. Amounts are whole smallest units of the currency. */
export interface TransactionRecord {
  readonly kind: 'transaction';
  readonly id: number;
  readonly type: TransactionType;
  readonly status: TransactionStatus;
  readonly sourceWalletId: number;
  readonly destinationWalletId: number;
  readonly refundOfId: number | undefined;
  readonly currency: Currency;
  readonly amount: number;
  readonly fee: number;
  readonly channel: Channel;
  readonly failureReason: string | undefined;
  readonly createdAt: Micros;
  readonly settledAt: Micros | undefined;
}

/** A row of `user_activity`, but for its id, which the writer counts. */
export interface ActivityRecord {
  readonly kind: 'activity';
  readonly userId: number;
  readonly event: ActivityEvent;
  readonly sessionId: string;
  readonly device: Device;
  readonly ip: string;
  readonly country: string;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly occurredAt: Micros;
}
