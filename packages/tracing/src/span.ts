/** What a span says beside its name. Names of streams and topics, counts, sizes: never a row's values. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface SpanOptions {
  /** Whether the span writes to a broker or takes from one; else it stays inside. */
  readonly kind?: 'producer' | 'consumer';
  readonly attributes?: Attributes;
  /** When it began, in milliseconds since the epoch, where that was not now. */
  readonly startedAt?: number;
}

/** A stretch of work in a trace. End it, also where the work failed. */
export interface Span {
  /** W3C's `traceparent`, for whoever continues the trace; undefined where nothing is traced. */
  readonly context: string | undefined;
  child(name: string, options?: SpanOptions): Span;
  set(attributes: Attributes): void;
  /** @param failure why the work failed */
  end(failure?: unknown): void;
}

export interface Tracing {
  /**
   * A span of a trace that another process began, or of a new one.
   *
   * @param parent W3C's `traceparent`; what is none begins a trace
   */
  start(name: string, parent: string | undefined, options?: SpanOptions): Span;
  /** Sends what has ended and was not sent yet. Takes two seconds at most, and never rejects. */
  close(): Promise<void>;
}

/** Where nothing is traced: costs nothing, says nothing. */
export const NO_SPAN: Span = {
  context: undefined,
  child: () => NO_SPAN,
  set: () => undefined,
  end: () => undefined,
};

export const NO_TRACING: Tracing = { start: () => NO_SPAN, close: () => Promise.resolve() };

/** Ends the span with the work, and with its failure where it fails. */
export async function during<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
