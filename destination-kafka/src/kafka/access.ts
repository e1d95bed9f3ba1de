import { X509Certificate } from 'node:crypto';
import type { Config, KafkaSettings } from '../config/config';

/** Of the transactional ids of a configuration that names none. */
export const TRANSACTIONAL_ID_PREFIX = 'destination-kafka';

/** Who asks, and for what: so that a refusal can say which ACL is missing. */
export interface Access {
  readonly principal: string;
  /** What every transactional id of this configuration starts with. */
  readonly transactionalIdPrefix: string;
  readonly topics?: readonly string[];
}

export function accessOf(config: Pick<Config, 'kafka' | 'transactionalId'>): Access {
  return {
    principal: principalOf(config.kafka),
    transactionalIdPrefix: config.transactionalId ?? TRANSACTIONAL_ID_PREFIX,
  };
}

/** Kafka's default rule: the subject by RFC 2253, the most specific part first. */
function subjectOf(certificate: string): string {
  try {
    return new X509Certificate(certificate).subject.split('\n').reverse().join(',');
  } catch {
    return 'the client certificate’s subject'; // Connecting has failed by then, and said so.
  }
}

/** Whom the broker takes us for, as its ACLs name it; a cluster's own mapping rules may change it. */
function principalOf({ sasl, tls }: Pick<KafkaSettings, 'sasl' | 'tls'>): string {
  switch (sasl.kind) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return `User:${sasl.username}`;
    case 'oauthbearer':
      return `the user of OAuth client "${sasl.clientId}"`;
    case 'none':
      return `User:${tls?.certificate === undefined ? 'ANONYMOUS' : subjectOf(tls.certificate)}`;
    default:
      return sasl satisfies never;
  }
}
