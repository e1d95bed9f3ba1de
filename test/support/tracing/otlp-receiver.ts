import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Root } from 'protobufjs';
import { PROJECT_ROOT } from '../command';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Nanoseconds since the epoch. */
  readonly start: bigint;
  readonly end: bigint;
  readonly error: string | undefined;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: string | number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly Attribute[];
        readonly status?: { readonly code?: string | number; readonly message?: string };
      }[];
    }[];
  }[];
}

/** A collector that takes OTLP over HTTP on a port of its own, as protobuf and as JSON, and decodes it by the published schema. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly contentTypes = new Set<string>();
  /** Everything that came, to look for what must not be in it. */
  readonly bodies: Buffer[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(): Promise<OtlpReceiver> {
    const root = new Root();
    root.resolvePath = (_, target) => path.join(PROJECT_ROOT, 'test/data/opentelemetry', target);
    await root.load('opentelemetry/proto/collector/trace/v1/trace_service.proto');
    const request = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const type = incoming.headers['content-type'] ?? '';
        const body = Buffer.concat(chunks);
        receiver.contentTypes.add(`${incoming.method} ${incoming.url} ${type}`);
        receiver.bodies.push(body);
        const decoded =
          type === 'application/json'
            ? (JSON.parse(body.toString('utf8')) as ExportRequest)
            : hexIds(request.toObject(request.decode(body), { longs: String, enums: String }) as ExportRequest);
        receiver.spans.push(...spansOf(decoded));
        response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new OtlpReceiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return receiver;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** In JSON ids are hexadecimal, in protobuf bytes. */
function hexIds(request: ExportRequest): ExportRequest {
  const hex = (bytes: unknown): string => Buffer.from((bytes ?? []) as Uint8Array).toString('hex');
  return {
    resourceSpans: request.resourceSpans.map((resource) => ({
      ...resource,
      scopeSpans: resource.scopeSpans.map((scope) => ({
        ...scope,
        spans: scope.spans.map((span) => ({
          ...span,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId),
        })),
      })),
    })),
  };
}

function spansOf({ resourceSpans }: ExportRequest): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        service,
        name: span.name,
        kind: String(span.kind),
        attributes: valuesOf(span.attributes ?? []),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        error: isError(span.status?.code) ? (span.status?.message ?? '') : undefined,
      })),
    );
  });
}

const isError = (code: string | number | undefined): boolean => code === 'STATUS_CODE_ERROR' || code === 2;

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [kind, content] = Object.entries(value)[0] ?? [];
      return [key, kind === 'intValue' ? Number(content) : content];
    }),
  );
}

/** `service: name` of each span below its parent, two spaces deeper; spans beside each other by name. */
export function treeOf(spans: readonly ReceivedSpan[]): readonly string[] {
  const below = (parent: string, indent: string): readonly string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .sort((a, b) => (a.service + a.name < b.service + b.name ? -1 : 1))
      .flatMap(({ spanId, service, name }) => [`${indent}${service}: ${name}`, ...below(spanId, `${indent}  `)]);
  return below('', '');
}
