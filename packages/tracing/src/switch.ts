export type Environment = Readonly<Record<string, string | undefined>>;

/** How spans are sent: protobuf or JSON, both over HTTP. */
export type Protocol = 'http/protobuf' | 'http/json';

/** What the environment asks for. */
export type Asked =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly protocol: Protocol }
  /** It asks for what is not there: nothing is traced, and somebody wants to know why. */
  | { readonly kind: 'refused'; readonly reason: string };

const PROTOCOLS: readonly Protocol[] = ['http/protobuf', 'http/json'];

/**
 * Reads OpenTelemetry's standard variables. Naming an endpoint, or the exporter, switches tracing on; the standard's own
 * default would send spans to localhost from every program that has the SDK inside.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function askedTracing(environment: Environment): Asked {
  const value = (name: string): string => environment[name]?.trim() ?? '';
  if (value('OTEL_SDK_DISABLED').toLowerCase() === 'true') return { kind: 'off' };
  const exporter = value('OTEL_TRACES_EXPORTER');
  const hasEndpoint = [value('OTEL_EXPORTER_OTLP_ENDPOINT'), value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')].some(Boolean);
  if (exporter === 'none' || (exporter === '' && !hasEndpoint)) return { kind: 'off' };
  if (exporter !== '' && exporter !== 'otlp') {
    return refused(`OTEL_TRACES_EXPORTER is ${exporter}; known are otlp and none`);
  }
  const asked = value('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || value('OTEL_EXPORTER_OTLP_PROTOCOL') || 'http/protobuf';
  const protocol = PROTOCOLS.find((known) => known === asked);
  if (protocol !== undefined) return { kind: 'on', protocol };
  return refused(`OTEL_EXPORTER_OTLP_PROTOCOL is ${asked}; known are ${PROTOCOLS.join(' and ')} (port 4318)`);
}

function refused(what: string): Asked {
  return { kind: 'refused', reason: `Nothing is traced: ${what}.` };
}
