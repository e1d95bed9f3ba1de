import type { TypeFamily } from '../database/catalogue';
import type { Domain } from './domains';

/** Tables that the dbt models read. */
export const ROLES = ['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity'] as const;
export type Role = (typeof ROLES)[number];

/** What a column may be. */
export type ColumnKind =
  | { readonly kind: 'key' }
  | { readonly kind: 'reference'; readonly to: Role }
  | { readonly kind: 'code'; readonly domain: Domain }
  | { readonly kind: 'money' }
  | { readonly kind: 'number' }
  | { readonly kind: 'instant' }
  | { readonly kind: 'currency' }
  | { readonly kind: 'country' }
  | { readonly kind: 'email' }
  | { readonly kind: 'phone' }
  | { readonly kind: 'session' }
  | { readonly kind: 'text' };

export interface CanonicalColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Names that such a column goes by, the likeliest first; each a list of words joined by `_`. */
  readonly names: readonly string[];
  /** Without it the role cannot be read at all. */
  readonly required?: true;
}

export const FAMILIES: Readonly<Record<ColumnKind['kind'], readonly TypeFamily[]>> = {
  key: ['uuid', 'integer', 'text'],
  reference: ['uuid', 'integer', 'text'],
  code: ['text', 'integer', 'boolean'],
  money: ['integer', 'decimal'],
  number: ['integer', 'decimal', 'text'],
  instant: ['instant'],
  currency: ['text', 'integer'],
  country: ['text'],
  email: ['text'],
  phone: ['text', 'integer'],
  session: ['uuid', 'text', 'integer'],
  text: ['text', 'other', 'integer', 'json'],
};

export const TABLE_NAMES: Readonly<Record<Role, readonly string[]>> = {
  currencies: ['currency', 'ccy', 'asset', 'token'],
  users: [
    'user',
    'customer',
    'party',
    'client',
    'person',
    'holder',
    'member',
    'consumer',
    'identity',
    'subscriber',
    'principal',
    'profile',
  ],
  merchants: ['merchant', 'shop', 'store', 'vendor', 'seller', 'biller', 'till', 'business', 'outlet'],
  wallets: ['wallet', 'account', 'purse', 'balance', 'pocket'],
  transactions: ['transaction', 'payment', 'transfer', 'order', 'txn', 'tx', 'operation', 'movement', 'remittance'],
  user_activity: ['activity', 'session', 'event', 'login', 'sign_in', 'access', 'device'],
};

const instant = { kind: 'instant' } as const;
const CREATED = [
  'created_at',
  'created_ts',
  'created',
  'made_at',
  'inserted_at',
  'joined',
  'opened',
  'registered',
  'signed_up',
  'started_at',
  'date',
];
const UPDATED = ['updated_at', 'updated_ts', 'modified', 'changed_at', 'last_modified', 'version_at'];

/** Columns of each role, as the staging models name them. */
export const COLUMNS: Readonly<Record<Role, readonly CanonicalColumn[]>> = {
  currencies: [
    {
      name: 'code',
      kind: { kind: 'key' },
      names: ['code', 'iso', 'number', 'currency', 'ccy', 'symbol', 'id'],
      required: true,
    },
    { name: 'name', kind: { kind: 'text' }, names: ['name', 'label', 'title', 'description'] },
    {
      name: 'scale',
      kind: { kind: 'number' },
      names: ['scale', 'exponent', 'decimals', 'digits', 'decimal_places', 'precision', 'minor_units'],
    },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
  users: [
    { name: 'id', kind: { kind: 'key' }, names: ['id', 'uuid', 'key', 'number'], required: true },
    {
      name: 'full_name',
      kind: { kind: 'text' },
      names: ['full_name', 'legal_name', 'display_name', 'name', 'last_name', 'surname'],
    },
    { name: 'email', kind: { kind: 'email' }, names: ['email', 'mail', 'e_mail', 'email_address'] },
    {
      name: 'phone',
      kind: { kind: 'phone' },
      names: ['phone', 'msisdn', 'mobile', 'phone_number', 'telephone', 'cell'],
    },
    { name: 'date_of_birth', kind: instant, names: ['date_of_birth', 'dob', 'birth_date', 'birthday', 'born'] },
    {
      name: 'country',
      kind: { kind: 'country' },
      names: ['country', 'nation', 'country_code', 'nationality', 'residence'],
    },
    {
      name: 'kyc_tier',
      kind: { kind: 'number' },
      names: ['kyc_tier', 'kyc_level', 'tier', 'level', 'verification_level'],
    },
    {
      name: 'kyc_verified_at',
      kind: instant,
      names: ['kyc_verified_at', 'kyc_at', 'verified_at', 'verified_on', 'identified_at'],
    },
    {
      name: 'status',
      kind: { kind: 'code', domain: 'user_status' },
      names: ['status', 'state', 'lifecycle', 'is_active'],
    },
    { name: 'referred_by', kind: { kind: 'reference', to: 'users' }, names: ['referred_by', 'invited_by', 'referrer'] },
    { name: 'created_at', kind: instant, names: CREATED, required: true },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
  merchants: [
    { name: 'id', kind: { kind: 'key' }, names: ['id', 'merchant', 'uuid', 'key', 'party', 'number'], required: true },
    {
      name: 'name',
      kind: { kind: 'text' },
      names: ['name', 'brand', 'trading_name', 'label', 'title', 'display_name', 'legal_name'],
    },
    {
      name: 'category',
      kind: { kind: 'code', domain: 'merchant_category' },
      names: ['category', 'mcc', 'category_code', 'sector', 'industry'],
    },
    { name: 'country', kind: { kind: 'country' }, names: ['country', 'nation', 'country_code'] },
    { name: 'city', kind: { kind: 'text' }, names: ['city', 'town', 'municipality'] },
    {
      name: 'fee_rate',
      kind: { kind: 'number' },
      names: ['fee_rate', 'mdr', 'commission', 'mdr_bps', 'commission_bps', 'rate'],
    },
    { name: 'tags', kind: { kind: 'text' }, names: ['tags', 'keywords', 'labels'] },
    {
      name: 'status',
      kind: { kind: 'code', domain: 'merchant_status' },
      names: ['status', 'state', 'lifecycle', 'is_active'],
    },
    { name: 'created_at', kind: instant, names: [...CREATED, 'onboarded_at'], required: true },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
  wallets: [
    { name: 'id', kind: { kind: 'key' }, names: ['id', 'uuid', 'key', 'number', 'wallet', 'account'], required: true },
    {
      name: 'kind',
      kind: { kind: 'code', domain: 'wallet_kind' },
      names: ['kind', 'class', 'type', 'owner_kind', 'owner_type', 'category', 'role', 'purpose', 'indicator'],
    },
    {
      name: 'currency',
      kind: { kind: 'currency' },
      names: ['currency', 'ccy', 'currency_code', 'asset', 'token'],
      required: true,
    },
    {
      name: 'balance',
      kind: { kind: 'money' },
      names: [
        'balance',
        'balance_minor',
        'current_balance',
        'available_balance',
        'amount',
        'minor_units',
        'posted_balance',
      ],
    },
    {
      name: 'status',
      kind: { kind: 'code', domain: 'wallet_status' },
      names: ['status', 'state', 'is_closed', 'is_frozen', 'closed', 'is_active'],
    },
    { name: 'created_at', kind: instant, names: CREATED },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
  transactions: [
    { name: 'id', kind: { kind: 'key' }, names: ['id', 'uuid', 'key', 'reference', 'number'], required: true },
    {
      name: 'type',
      kind: { kind: 'code', domain: 'transaction_type' },
      names: ['type', 'kind', 'category', 'operation', 'transaction_type', 'purpose'],
    },
    {
      name: 'status',
      kind: { kind: 'code', domain: 'transaction_status' },
      names: ['status', 'state', 'transaction_status', 'stage'],
      required: true,
    },
    {
      name: 'channel',
      kind: { kind: 'code', domain: 'channel' },
      names: ['channel', 'via', 'origin_channel', 'medium', 'initiated_via'],
    },
    {
      name: 'failure_reason',
      kind: { kind: 'text' },
      names: ['failure_reason', 'fail_code', 'failure_code', 'reason', 'error_code', 'decline_reason', 'reject_reason'],
    },
    {
      name: 'currency',
      kind: { kind: 'currency' },
      names: ['currency', 'ccy', 'currency_code', 'asset', 'token'],
      required: true,
    },
    {
      name: 'amount',
      kind: { kind: 'money' },
      names: ['amount', 'amount_minor', 'value', 'minor_units', 'total', 'sum', 'gross_amount'],
      required: true,
    },
    {
      name: 'fee',
      kind: { kind: 'money' },
      names: ['fee', 'fee_minor', 'fee_amount', 'charge', 'commission', 'fee_minor_units'],
    },
    {
      name: 'source_wallet_id',
      kind: { kind: 'reference', to: 'wallets' },
      names: [
        'source_wallet',
        'from',
        'payer',
        'sender',
        'debit',
        'debtor',
        'source',
        'origin',
        'debited',
        'from_account',
      ],
      required: true,
    },
    {
      name: 'destination_wallet_id',
      kind: { kind: 'reference', to: 'wallets' },
      names: [
        'destination_wallet',
        'to',
        'payee',
        'receiver',
        'recipient',
        'credit',
        'creditor',
        'destination',
        'beneficiary',
        'credited',
        'to_account',
      ],
      required: true,
    },
    {
      name: 'refund_of_id',
      kind: { kind: 'reference', to: 'transactions' },
      names: [
        'refund_of',
        'original',
        'original_order',
        'reversal_of',
        'reverses',
        'parent',
        'gives_back',
        'refunds',
        'original_transaction',
      ],
    },
    { name: 'created_at', kind: instant, names: [...CREATED, 'effective_at', 'occurred_at'], required: true },
    {
      name: 'settled_at',
      kind: instant,
      names: ['settled_at', 'settled_ts', 'completed_at', 'posted_at', 'finished_at', 'captured_at', 'closed_at'],
    },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
  user_activity: [
    { name: 'id', kind: { kind: 'key' }, names: ['id', 'uuid', 'key', 'number'], required: true },
    {
      name: 'user_id',
      kind: { kind: 'reference', to: 'users' },
      names: ['user', 'customer', 'party', 'holder', 'member', 'client'],
      required: true,
    },
    {
      name: 'event',
      kind: { kind: 'code', domain: 'activity_event' },
      names: ['event', 'action', 'what', 'type', 'kind', 'name', 'activity'],
      required: true,
    },
    { name: 'session_id', kind: { kind: 'session' }, names: ['session', 'session_id', 'session_key', 'visit'] },
    { name: 'device', kind: { kind: 'text' }, names: ['device', 'device_model', 'platform', 'os', 'user_agent'] },
    { name: 'ip', kind: { kind: 'text' }, names: ['ip', 'ip_address', 'remote_address'] },
    { name: 'country', kind: { kind: 'country' }, names: ['country', 'nation', 'country_code'] },
    {
      name: 'occurred_at',
      kind: instant,
      names: ['occurred_at', 'at', 'happened_at', 'time', 'timestamp', ...CREATED],
      required: true,
    },
    { name: 'updated_at', kind: instant, names: UPDATED },
  ],
};
