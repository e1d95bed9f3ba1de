import { isNativeError } from 'node:util/types';
import { Failure, isFailure, type FailureKind } from '@ewallet/failure';

/** What was being done when PostgreSQL, or the way to it, failed. */
export interface Doing {
  /** A sentence's beginning: `Could not read stream public.users`. */
  readonly what: string;
  readonly stream?: { readonly name: string; readonly namespace?: string };
  /** The role in use, for the remedy's GRANT. */
  readonly role?: string;
  /** What to do where a statement took longer than it may. */
  readonly atTimeout?: string;
  /** What to do where a table or column is not there, in place of refreshing a schema. */
  readonly atMissing?: string;
}

interface Verdict {
  readonly kind: FailureKind;
  readonly remedy: string;
  /** Whether the server's own text can hold a row's values (classes 22 and 23 quote them). */
  readonly quotesValues?: true;
}

/** A SQLSTATE is five letters or digits; Node's own errors carry words such as ECONNREFUSED in the same place. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

/** Whatever `pg` threw, as a Failure that says what to do. A Failure passes through unchanged. */
export function failureFromPostgres(error: unknown, doing: Doing): Failure {
  if (isFailure(error)) return error;
  const text = isNativeError(error) ? error.message : String(error);
  const state = sqlStateOf(error);
  const verdict = state === undefined ? judgeConnection(codeOf(error), text) : judgeSqlState(state, text, doing);
  const shown = verdict.quotesValues === true ? `SQLSTATE ${state ?? ''}` : oneLine(text);
  const detail =
    state === undefined ? oneLine(text) : `SQLSTATE ${state}${verdict.quotesValues ? '' : `: ${oneLine(text)}`}`;
  return new Failure(verdict.kind, {
    message: `${doing.what}: ${shown}. ${verdict.remedy}`,
    detail,
    cause: error,
    ...(doing.stream === undefined ? {} : { stream: doing.stream }),
  });
}

/** Whether trying the same again can help. */
export function isTransientPostgresError(error: unknown): boolean {
  return failureFromPostgres(error, { what: '' }).kind === 'transient_error';
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function judgeSqlState(state: string, text: string, doing: Doing): Verdict {
  const role = doing.role ?? 'the role in use';
  switch (state) {
    case '28P01':
      return config('Check `username` and `password`.');
    case '28000':
      return config(
        text.includes('pg_hba.conf')
          ? 'Add a line for this user, database and address to pg_hba.conf, or use the `ssl_mode` that an existing line asks for.'
          : 'Check `username`, the role’s LOGIN attribute and the client certificate.',
      );
    case '3D000':
      return config('Check `database`.');
    case '3F000':
      return config('Check the schema’s name.');
    case '42501':
      return config(`Grant the missing privilege to ${role}.`);
    case '42P01':
      return config(doing.atMissing ?? 'The table is gone or was renamed: refresh the schema.');
    case '42703':
      return config(doing.atMissing ?? 'The column is gone or was renamed: refresh the schema.');
    case '25006':
      return config('The server is read-only: connect to the primary.');
    case '40001':
      return text.includes('recovery')
        ? transient(
            'The standby cancelled a long read: raise max_standby_streaming_delay or set hot_standby_feedback = on.',
          )
        : transient('Transactions collided; the next attempt can succeed.');
    case '40P01':
      return transient('Transactions deadlocked; the next attempt can succeed.');
    case '55P03':
      return transient('A lock was not released in time; look for long transactions.');
    case '55006':
      return transient('The object is in use by another session.');
    case '57014':
      return transient(
        (text.includes('statement timeout') ? doing.atTimeout : undefined) ??
          'A time-out or an administrator cancelled it: look at statement_timeout of the configuration and of the role.',
      );
    case '22021':
    case '22P05':
      return {
        kind: 'config_error',
        quotesValues: true,
        remedy:
          'A text is not valid in the database’s encoding, or has no equivalent in UTF-8 (SQL_ASCII lets any bytes in): correct that row’s text, or leave its column out of the stream.',
      };
    case '53100':
      return transient(
        'The server’s disk is full: free space where its data, its write-ahead log or the named tablespace is, or enlarge it.',
      );
    case '53300':
      return transient(
        'No connection is left: raise max_connections or the limit of the role or database (ALTER ROLE … CONNECTION LIMIT), or end idle sessions.',
      );
    case '08P01':
      return judgePoolerText(text);
    case '25P03':
    case '25P04':
      return transient('A session or transaction time-out of the server ended it: raise it for this role.');
    case '0A000':
      if (text.includes('during recovery')) {
        return config('A standby has no rows of unlogged tables: connect to the primary.');
      }
      return config('The server’s version or the object’s kind does not allow this.');
    default:
      return judgeClass(state);
  }
}

/** PgBouncer gives all it has to say this one SQLSTATE. */
function judgePoolerText(text: string): Verdict {
  if (text.includes('statement pooling mode')) {
    return config(
      'PgBouncer stands between and gives each statement another connection: set its pool_mode to session or transaction for this database, or connect to PostgreSQL itself.',
    );
  }
  if (text.includes('unsupported startup parameter')) {
    return config(
      'PgBouncer stands between and refuses a setting of the connection: take it out of PGOPTIONS, or connect to PostgreSQL itself.',
    );
  }
  return transient('The connection failed; the next attempt can succeed.');
}

function judgeClass(state: string): Verdict {
  switch (state.slice(0, 2)) {
    case '08':
      return transient('The connection failed; the next attempt can succeed.');
    case '22':
      return { kind: 'config_error', remedy: 'A value does not fit its column’s type.', quotesValues: true };
    case '23':
      return { kind: 'config_error', remedy: 'A row breaks a constraint of the table.', quotesValues: true };
    case '28':
      return config('Check `username` and `password`.');
    case '40':
      return transient('The transaction was rolled back; the next attempt can succeed.');
    case '42':
      return config('The table’s definition is not what was expected: refresh the schema.');
    case '53':
      return transient('The server is out of disk, memory or connections: free some.');
    case '55':
      return transient('The object is not in the state it needs to be in.');
    case '57':
      return transient('The server is stopping, starting or was told to end the session.');
    case '58':
      return transient('The server’s system failed: see its log.');
    default:
      return { kind: 'system_error', remedy: 'This is unexpected: see the server’s log.' };
  }
}

function judgeConnection(code: string | undefined, text: string): Verdict {
  switch (code) {
    case 'ENOTFOUND':
      return config('Check `host`.');
    case 'EAI_AGAIN':
      return transient('The name server did not answer.');
    case 'ECONNREFUSED':
      return transient('Nothing listens there: check `host` and `port`, and that the server runs.');
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return transient('The network or the server ended the connection.');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return config('The server’s certificate is for another host: use that name as `host`, or ssl_mode verify-ca.');
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_HAS_EXPIRED':
    case 'CERT_SIGNATURE_FAILURE':
      return config('The server’s certificate is not trusted: put the issuer’s PEM into `ssl_mode.ca_certificate`.');
    default:
      return judgeConnectionText(text);
  }
}

function judgeConnectionText(text: string): Verdict {
  if (text.includes('does not support SSL'))
    return config('The server has TLS off: set `ssl_mode` to disable, or turn it on.');
  // What a server of TLS 1.3 says of a certificate that another authority issued, or of none where one is demanded.
  if (/alert (unknown ca|bad certificate|certificate|handshake failure)/.test(text)) {
    return config('The server refused the client certificate: check `ssl_mode.client_certificate` and its issuer.');
  }
  if (/timeout|Connection terminated|closed|not queryable/i.test(text)) {
    return transient('The network or the server ended the connection.');
  }
  if (/PEM|key values mismatch|certificate|bad decrypt|no start line/i.test(text)) {
    return config('Check the certificates in `ssl_mode`: each must be whole PEM text.');
  }
  if (/password must be a string|SASL/.test(text)) return config('Check `password`.');
  return { kind: 'system_error', remedy: 'This is unexpected.' };
}

function config(remedy: string): Verdict {
  return { kind: 'config_error', remedy };
}

function transient(remedy: string): Verdict {
  return { kind: 'transient_error', remedy };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\.$/, '');
}
