import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure } from '@ewallet/failure';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Attributes, Span, SpanOptions, Tracing } from './span';
import type { Protocol } from './switch';

/** Milliseconds in which the last spans are sent: a collector that does not answer delays no sync for longer. */
const CLOSE_PATIENCE = 2_000;

/** Of one process: each reason is told once. */
const MOST_COMPLAINTS = 10;

const KINDS = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;

/** Spans over OTLP. Endpoint, headers, compression, timeouts, sampler and limits are the SDK's own variables. */
export function openOtlpTracing(
  part: string,
  version: string,
  protocol: Protocol,
  complain: (line: string) => void,
): Tracing {
  const told = new Set<string>();
  const tell = (reason: string): void => {
    if (told.has(reason) || told.size === MOST_COMPLAINTS) return;
    told.add(reason);
    complain(`Spans could not be sent (OTEL_EXPORTER_OTLP_ENDPOINT): ${reason}`);
  };
  setGlobalErrorHandler((error) => {
    tell(asFailure(error).message);
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': part, 'service.version': version }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter())],
  });
  const tracer = provider.getTracer('ewallet-data-pipeline', version);
  return {
    start: (name, parent, options) => spanIn(tracer, contextOf(parent), name, options),
    close: async () => {
      const closed = new AbortController();
      const isSent = await Promise.race([
        provider.shutdown().then(
          () => true,
          () => true, // The error handler has told why.
        ),
        sleep(CLOSE_PATIENCE, false, { signal: closed.signal }).catch(() => false),
      ]);
      closed.abort();
      // The exporter tries again for longer than anybody waits, and has told nothing yet.
      if (!isSent && told.size === 0) tell(`no answer within ${CLOSE_PATIENCE / 1_000} s`);
    },
  };
}

function contextOf(parent: string | undefined): Context {
  const remote = parent === undefined ? null : parseTraceParent(parent);
  if (remote === null || !isSpanContextValid(remote)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
}

function spanIn(
  tracer: Tracer,
  context: Context,
  name: string,
  { kind, attributes, startedAt }: SpanOptions = {},
): Span {
  const span = tracer.startSpan(
    name,
    {
      kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
      ...(attributes === undefined ? {} : { attributes: plain(attributes) }),
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    },
    context,
  );
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    context: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    child: (childName, options) => spanIn(tracer, trace.setSpan(context, span), childName, options),
    set: (more) => {
      span.setAttributes(plain(more));
    },
    end: (failure) => {
      if (failure !== undefined) fail(span, failure);
      span.end();
    },
  };
}

function fail(span: OtelSpan, error: unknown): void {
  const { kind, message } = asFailure(error);
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function plain(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? [...value] : value]],
    ),
  );
}
