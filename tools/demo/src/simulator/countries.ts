import { Weighted } from './random';

/** A currency as the wallet keeps it. Amounts in the simulator are whole numbers of its smallest unit (10^-scale). */
export interface Currency {
  readonly index: number;
  readonly code: string;
  readonly name: string;
  /** Decimal places. */
  readonly scale: number;
  /** What about one US dollar is, in smallest units: the yardstick for believable amounts. */
  readonly dollar: number;
  /** The step prices come in, in smallest units (no shop in Vietnam asks for 12,345 dong). */
  readonly step: number;
  /** A single movement from here up is reported to the regulator, in smallest units; structuring stays just under. */
  readonly reportingThreshold: number;
}

const USD: Currency = {
  index: 0,
  code: 'USD',
  name: 'US dollar',
  scale: 2,
  dollar: 100,
  step: 1,
  reportingThreshold: 10_000_00,
};
const IDR: Currency = {
  index: 1,
  code: 'IDR',
  name: 'Indonesian rupiah',
  scale: 0,
  dollar: 16_000,
  step: 500,
  reportingThreshold: 100_000_000,
};
const PHP: Currency = {
  index: 2,
  code: 'PHP',
  name: 'Philippine peso',
  scale: 2,
  dollar: 57_00,
  step: 25,
  reportingThreshold: 500_000_00,
};
const VND: Currency = {
  index: 3,
  code: 'VND',
  name: 'Vietnamese dong',
  scale: 0,
  dollar: 25_000,
  step: 1_000,
  reportingThreshold: 200_000_000,
};
const SGD: Currency = {
  index: 4,
  code: 'SGD',
  name: 'Singapore dollar',
  scale: 2,
  dollar: 1_35,
  step: 5,
  reportingThreshold: 20_000_00,
};
const THB: Currency = {
  index: 5,
  code: 'THB',
  name: 'Thai baht',
  scale: 2,
  dollar: 35_00,
  step: 25,
  reportingThreshold: 400_000_00,
};

export const CURRENCIES: readonly Currency[] = [USD, IDR, PHP, VND, SGD, THB];

export const usDollar = USD;

export interface Country {
  readonly index: number;
  readonly code: string;
  readonly currency: Currency;
  /** Share of the customers, any unit. */
  readonly share: number;
  /** Prices beside those in the United States. */
  readonly priceLevel: number;
  readonly dialling: string;
  readonly cities: readonly [string, ...string[]];
  readonly givenNames: readonly [string, ...string[]];
  readonly familyNames: readonly [string, ...string[]];
}

export const COUNTRIES: readonly [Country, ...Country[]] = [
  {
    index: 0,
    code: 'ID',
    currency: IDR,
    share: 40,
    priceLevel: 0.35,
    dialling: '+62',
    cities: ['Jakarta', 'Surabaya', 'Bandung', 'Medan', 'Denpasar', 'Makassar', 'Yogyakarta'],
    givenNames: ['Budi', 'Siti', 'Agus', 'Dewi', 'Putri', 'Rizky', 'Wahyu', 'Ayu', 'Andi', 'Nur', 'Made', 'Fitri'],
    familyNames: ['Santoso', 'Wijaya', 'Saputra', 'Lestari', 'Hidayat', 'Pratama', 'Siregar', 'Nasution', 'Susanti'],
  },
  {
    index: 1,
    code: 'PH',
    currency: PHP,
    share: 22,
    priceLevel: 0.4,
    dialling: '+63',
    cities: ['Manila', 'Quezon City', 'Cebu City', 'Davao City', 'Baguio', 'Iloilo City', 'Parañaque'],
    givenNames: ['Maria', 'Jose', 'Angel', 'Mark', 'Joy', 'Paolo', 'Grace', 'Juan', 'Kristine', 'Niño', 'Althea'],
    familyNames: ['Santos', 'Reyes', 'Cruz', 'Bautista', 'Ocampo', 'Garcia', 'Dela Cruz', 'Peña', "D'Souza", 'Tan'],
  },
  {
    index: 2,
    code: 'VN',
    currency: VND,
    share: 20,
    priceLevel: 0.35,
    dialling: '+84',
    cities: ['Hồ Chí Minh', 'Hà Nội', 'Đà Nẵng', 'Cần Thơ', 'Hải Phòng', 'Huế'],
    givenNames: ['Văn An', 'Thị Bình', 'Minh Châu', 'Quốc Dũng', 'Thu Hà', 'Đức Huy', 'Thị Lan', 'Hoàng Nam', 'Thảo'],
    familyNames: ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Phan', 'Vũ', 'Đặng', 'Bùi', 'Đỗ'],
  },
  {
    index: 3,
    code: 'SG',
    currency: SGD,
    share: 6,
    priceLevel: 1,
    dialling: '+65',
    cities: ['Singapore', 'Jurong East', 'Tampines', 'Woodlands'],
    givenNames: ['Wei Ming', 'Hui Ling', 'Arjun', 'Nurul', 'Jia Hao', 'Priya', 'Farid', 'Xin Yi'],
    familyNames: ['Tan', 'Lim', 'Lee', 'Ng', 'Goh', 'Kumar', 'Rahman', 'Chua'],
  },
  {
    index: 4,
    code: 'TH',
    currency: THB,
    share: 9,
    priceLevel: 0.5,
    dialling: '+66',
    cities: ['Bangkok', 'Chiang Mai', 'Phuket', 'Khon Kaen', 'Hat Yai'],
    givenNames: ['สมชาย', 'สุดา', 'Anong', 'Kittisak', 'Malee', 'Niran', 'Ploy', 'Somchai'],
    familyNames: ['ใจดี', 'Srisai', 'Chaiyasit', 'Wongsa', 'Suwan', 'Thongchai'],
  },
  {
    index: 5,
    code: 'US',
    currency: USD,
    share: 3,
    priceLevel: 1.2,
    dialling: '+1',
    cities: ['San Francisco', 'New York', 'Seattle', 'Austin'],
    givenNames: ['Emma', 'Liam', 'Olivia', 'Noah', 'Ava', 'Zoë', 'Mateo'],
    familyNames: ['Smith', 'Johnson', "O'Brien", 'Garcia', 'Nguyen', 'Brown'],
  },
];

export const homeCountry = new Weighted(COUNTRIES.map((country) => [country, country.share] as const));

/** Undefined for a currency the simulator does not trade in. */
export function currencyByCode(code: string): Currency | undefined {
  return CURRENCIES.find((candidate) => candidate.code === code);
}

/** Where a currency is spent. */
export function countryOfCurrency(currency: Currency): Country {
  return COUNTRIES.find((country) => country.currency === currency) ?? COUNTRIES[0];
}
