import type { Span } from './span';

/** How a trace reaches a child process, by OpenTelemetry's convention for environment variables. */
export const PARENT_VARIABLE = 'TRACEPARENT';
/** How it crosses Kafka: W3C's header, on each record of a sync that is traced. */
export const TRACE_HEADER = 'traceparent';

/** Variables with which a child process continues the trace; empty where nothing is traced. */
export function tracedVariables({ context }: Span): Readonly<Record<string, string>> {
  return context === undefined ? {} : { [PARENT_VARIABLE]: context };
}

/** Variables with which a child process traces nothing, whatever else its environment says. */
export function untraced(): Readonly<Record<string, string>> {
  return { OTEL_SDK_DISABLED: 'true' };
}
