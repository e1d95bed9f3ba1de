/** Sets of codes that the models know by canonical values. */
export type Domain =
  | 'transaction_type'
  | 'transaction_status'
  | 'channel'
  | 'wallet_kind'
  | 'wallet_status'
  | 'user_status'
  | 'merchant_status'
  | 'merchant_category'
  | 'activity_event';

interface DomainMeaning {
  /** What a person is asked. */
  readonly question: string;
  /** Canonical values, each with words that wallets write for it. The canonical value itself is one of them. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

const LIVE = ['live', 'open', 'enabled', 'ok', 'a', 'true', 'normal'];
const CLOSED = ['deleted', 'terminated', 'archived', 'inactive', 'erased', 'anonymised', 'c'];

export const DOMAINS: Readonly<Record<Domain, DomainMeaning>> = {
  transaction_type: {
    question: 'What is each type of transaction?',
    values: {
      top_up: ['topup', 'cash_in', 'cashin', 'deposit', 'load', 'fund', 'funding', 'credit_in', 'pay_in'],
      transfer: ['p2p', 'send', 'send_money', 'person_to_person', 'peer', 'internal'],
      payment: ['purchase', 'pay', 'merchant_payment', 'sale', 'bill', 'bill_payment', 'checkout', 'capture'],
      withdrawal: ['cash_out', 'cashout', 'withdraw', 'payout', 'pay_out', 'debit_out', 'cash_withdrawal'],
      refund: ['return', 'give_back'],
      reversal: ['reverse', 'undo', 'correction'],
      chargeback: ['dispute', 'charge_back', 'disputed'],
    },
  },
  transaction_status: {
    question:
      'Which statuses mean that the money moved for good (completed), may still move (pending, or held where it is reserved), never moved (failed)?',
    values: {
      pending: ['new', 'created', 'initiated', 'processing', 'queued', 'started', 'p', 'submitted', 'waiting'],
      held: ['hold', 'on_hold', 'authorised', 'authorized', 'inflight', 'reserved', 'blocked'],
      completed: [
        'complete',
        'success',
        'successful',
        'succeeded',
        'settled',
        'captured',
        'posted',
        'done',
        'paid',
        'applied',
        'committed',
        'confirmed',
        'approved',
        'c',
        's',
      ],
      failed: [
        'fail',
        'failure',
        'rejected',
        'declined',
        'error',
        'expired',
        'cancelled',
        'canceled',
        'voided',
        'void',
        'aborted',
        'timeout',
        'f',
        'x',
        'archived',
      ],
    },
  },
  channel: {
    question: 'Through which channel does each value say that a transaction came?',
    values: {
      app: ['mobile', 'phone', 'ios', 'android', 'mobile_app', 'ussd'],
      web: ['browser', 'online', 'internet'],
      qr: ['terminal', 'pos', 'qr_code', 'scan'],
      agent: ['cash_point', 'branch', 'counter', 'cash_agent'],
      bank_transfer: ['bank', 'ach', 'sepa', 'wire', 'transfer'],
      card: ['visa', 'mastercard', 'debit_card', 'credit_card'],
      api: ['partner', 'integration', 'server'],
    },
  },
  wallet_kind: {
    question:
      'Whose is each kind of wallet: customer, merchant, agent, float (the outside world: bank, settlement, cash), fee (your income)?',
    values: {
      customer: ['user', 'person', 'consumer', 'holder', 'individual', 'member', 'personal', 'client', 'main'],
      agent: ['cash_agent', 'teller', 'agency'],
      merchant: ['shop', 'store', 'business', 'vendor', 'biller', 'till', 'seller', 'organization', 'organisation'],
      float: [
        'bank',
        'settlement',
        'bank_settlement',
        'world',
        'external',
        'outside',
        'nostro',
        'cash',
        'trust',
        'system',
        'liquidity',
      ],
      fee: ['fees', 'revenue', 'income', 'commission', 'earnings'],
    },
  },
  wallet_status: {
    question: 'What does each status of a wallet mean?',
    values: { active: LIVE, frozen: ['blocked', 'locked', 'suspended', 'held', 'dormant', 'b', 'f'], closed: CLOSED },
  },
  user_status: {
    question: 'What does each status of a customer mean?',
    values: { active: LIVE, suspended: ['blocked', 'locked', 'barred', 'frozen', 'banned', 'b', 's'], closed: CLOSED },
  },
  merchant_status: {
    question: 'What does each status of a merchant mean?',
    values: { active: LIVE, suspended: ['blocked', 'locked', 'barred', 'frozen', 'banned', 'b', 's'], closed: CLOSED },
  },
  merchant_category: {
    question: 'Which trade is each merchant category?',
    values: {
      groceries: ['grocery', 'supermarket', 'market'],
      food: ['restaurant', 'dining', 'cafe', 'eatery', 'food_and_drink'],
      transport: ['taxi', 'bus', 'mobility', 'fuel', 'ride'],
      utilities: ['utility', 'electricity', 'water', 'power'],
      telecom: ['airtime', 'mobile', 'internet', 'telco'],
      entertainment: ['games', 'cinema', 'streaming', 'betting'],
      health: ['pharmacy', 'medical', 'hospital', 'clinic'],
      travel: ['hotel', 'airline', 'lodging'],
      retail: ['shop', 'clothing', 'electronics', 'store', 'fashion'],
      education: ['school', 'university', 'tuition'],
    },
  },
  activity_event: {
    question: 'What did a customer do, by each value? Those that no figure needs can stay `other`.',
    values: {
      login: ['sign_in', 'signin', 'log_in', 'logged_in'],
      app_open: ['open', 'opened', 'launch', 'foreground'],
      pin_failed: ['bad_pin', 'wrong_pin', 'pin_error', 'auth_failed'],
      pin_changed: ['pin_reset', 'new_pin'],
      kyc_submitted: ['kyc_sent', 'kyc_upload'],
      kyc_approved: ['kyc_ok', 'kyc_passed'],
      kyc_rejected: ['kyc_failed', 'kyc_declined'],
      device_added: ['new_device', 'device_registered'],
      profile_viewed: ['profile', 'view_profile'],
      support_contacted: ['support', 'help', 'ticket'],
      other: [],
    },
  },
};

/** ISO 18245 merchant categories, by range of code, as the canonical trades. The first range that has the code says. */
const MERCHANT_CATEGORY_CODES: readonly (readonly [from: number, to: number, trade: string])[] = [
  [3000, 3999, 'travel'],
  [4000, 4299, 'transport'],
  [4411, 4411, 'travel'],
  [4511, 4511, 'travel'],
  [4722, 4722, 'travel'],
  [4784, 4784, 'transport'],
  [4812, 4816, 'telecom'],
  [4821, 4821, 'telecom'],
  [4899, 4899, 'entertainment'],
  [4900, 4900, 'utilities'],
  [5122, 5122, 'health'],
  [5411, 5499, 'groceries'],
  [5541, 5542, 'transport'],
  [5811, 5814, 'food'],
  [5912, 5912, 'health'],
  [5000, 5999, 'retail'],
  [7011, 7033, 'travel'],
  [7512, 7523, 'transport'],
  [7800, 7999, 'entertainment'],
  [8000, 8099, 'health'],
  [8200, 8299, 'education'],
];

/** The canonical value that a code of a domain says by its own words, or undefined. */
export function meaningOfWord(domain: Domain, value: string): string | undefined {
  const word = value
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  const { values } = DOMAINS[domain];
  if (word in values) return word;
  const found = Object.entries(values).find(([, words]) => words.includes(word));
  if (found !== undefined) return found[0];
  if (domain !== 'merchant_category' || !/^\d{4}$/.test(word)) return undefined;
  const code = Number(word);
  return MERCHANT_CATEGORY_CODES.find(([from, to]) => code >= from && code <= to)?.[2];
}
