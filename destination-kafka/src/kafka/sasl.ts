import { Failure } from '@ewallet/failure';
import type { OauthbearerProviderResponse, SASLOptions } from 'kafkajs';
import type { SaslSettings } from '../config/sasl-settings';

type ClientCredentials = Extract<SaslSettings, { kind: 'oauthbearer' }>;

/** OAuth 2 client credentials (RFC 6749 §4.4): one token for each login; kafkajs logs in again before it expires. */
async function fetchToken(settings: ClientCredentials): Promise<OauthbearerProviderResponse> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (settings.scope !== undefined) form.set('scope', settings.scope);
  const basic = Buffer.from(
    `${encodeURIComponent(settings.clientId)}:${encodeURIComponent(settings.clientSecret)}`,
  ).toString('base64');
  let response: Response;
  try {
    response = await fetch(settings.tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
      body: form,
      signal: AbortSignal.timeout(15_000),
    });
  } catch (error) {
    throw Failure.transient(
      `The OAuth token endpoint ${settings.tokenUrl} could not be reached. Check \`oauth_token_url\`.`,
      {
        cause: error,
      },
    );
  }
  if (!response.ok) {
    throw Failure.config(
      `The OAuth token endpoint ${settings.tokenUrl} refused the client credentials (HTTP ${response.status}). Check \`oauth_client_id\`, \`oauth_client_secret\` and \`oauth_scope\`.`,
    );
  }
  const body = (await response.json()) as { access_token?: unknown };
  if (typeof body.access_token !== 'string') {
    throw Failure.config(`The OAuth token endpoint ${settings.tokenUrl} answered without an access_token.`);
  }
  return { value: body.access_token };
}

export function saslOptions(settings: SaslSettings): SASLOptions | undefined {
  switch (settings.kind) {
    case 'none':
      return undefined;
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512': {
      const { username, password } = settings;
      return settings.kind === 'plain'
        ? { mechanism: 'plain', username, password }
        : settings.kind === 'scram-sha-256'
          ? { mechanism: 'scram-sha-256', username, password }
          : { mechanism: 'scram-sha-512', username, password };
    }
    case 'oauthbearer':
      return { mechanism: 'oauthbearer', oauthBearerProvider: () => fetchToken(settings) };
    default:
      return settings satisfies never;
  }
}
