/**
 * The one error type of the product. `kind` uses Airbyte's failure types, because the platform decides by them
 * whether to retry (transient), to ask the user (config) or to alert the maintainers (system).
 *
 * @see https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbyteerrortracemessage
 */
export type FailureKind = 'config_error' | 'transient_error' | 'system_error';

interface FailureOptions {
  /** What failed, on which stream, table, topic or offset, and what to do next. Never a row's values or a secret. */
  readonly message: string;
  /** Detail for maintainers: the server's own words, a SQLSTATE, an error code. Never a row's values or a secret. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** The stream it happened on, where it happened on one. */
  readonly stream?: { readonly name: string; readonly namespace?: string };
}

export class Failure extends Error {
  readonly kind: FailureKind;
  readonly detail: string | undefined;
  readonly stream: { readonly name: string; readonly namespace?: string } | undefined;

  constructor(kind: FailureKind, options: FailureOptions) {
    super(options.message, { cause: options.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.detail = options.detail;
    this.stream = options.stream;
  }

  /** The user has to change something: a key, a grant, a catalogue. Retrying cannot help. */
  static config(message: string, more: Omit<FailureOptions, 'message'> = {}): Failure {
    return new Failure('config_error', { message, ...more });
  }

  /** The environment failed and may recover: a connection, a lock, a full disk. Retrying can help. */
  static transient(message: string, more: Omit<FailureOptions, 'message'> = {}): Failure {
    return new Failure('transient_error', { message, ...more });
  }

  /** We are wrong: a broken invariant, an unexpected answer. */
  static system(message: string, more: Omit<FailureOptions, 'message'> = {}): Failure {
    return new Failure('system_error', { message, ...more });
  }
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Failure;
}

/** Whatever was thrown, as a Failure: what is not one already is our own bug. */
export function asFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return Failure.system(`Unexpected error: ${text}`, { cause: error });
}
