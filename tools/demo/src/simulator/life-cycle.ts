import type { Client } from 'pg';
import type { Country } from './countries';
import { dateText, DAY, MILLISECOND } from './time';
import type { Random } from './random';

/** A new customer with a wallet in the country's currency, as the application would insert them. */
export async function insertCustomer(
  client: Client,
  random: Random,
  country: Country,
): Promise<{ userId: number; walletId: number }> {
  const name = `${random.pick(country.givenNames)} ${random.pick(country.familyNames)}`;
  const users = await client.query<{ id: string }>(
    `insert into users (public_id, full_name, email, phone, country, date_of_birth) values ($1, $2, $3, $4, $5, $6) returning id`,
    [
      random.uuid(),
      name,
      `${random.bits().toString(36)}@post.example`,
      `${country.dialling}${random.between(800_000_000, 999_999_999)}`,
      country.code,
      dateText(Date.now() * MILLISECOND - random.between(18 * 365, 60 * 365) * DAY),
    ],
  );
  const userId = Number(users.rows[0]?.id);
  const wallets = await client.query<{ id: string }>(
    `insert into wallets (kind, user_id, currency) values ('customer', $1, $2) returning id`,
    [userId, country.currency.code],
  );
  return { userId, walletId: Number(wallets.rows[0]?.id) };
}

/** One tier up. @returns the new tier, or undefined where there is none above. */
export async function raiseKycTier(client: Client, userId: number): Promise<number | undefined> {
  const { rows } = await client.query<{ kyc_tier: number }>(
    `update users set kyc_tier = kyc_tier + 1, kyc_verified_at = now(), updated_at = now()
      where id = $1 and kyc_tier < 3 returning kyc_tier`,
    [userId],
  );
  return rows[0]?.kyc_tier;
}
