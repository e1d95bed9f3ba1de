import { SchemaRegistry } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import type { LiveRule } from '../config/live-rules';
import type { RealtimeConfig } from '../config/realtime-config';
import { kafkaClient } from '../engine/kafka-client';
import { ProductEncoder } from '../engine/product-encoder';
import { readResult } from '../engine/result-topic';
import { provideTopics } from '../engine/topics';
import { RISK_RULE_HISTORY, RISK_RULES, RULE_PRODUCTS } from '../products/rule-products';
import { nextVersion, rowOf, versionOf, type RuleChange, type RuleVersion } from './rule-version';

/** The rules that were set and hold now; a signal without one has its standards. */
export async function readRules(config: RealtimeConfig): Promise<readonly RuleVersion[]> {
  await provideRuleTopics(config);
  return versionsIn(config, RISK_RULES.name);
}

/** Every version of every rule, by signal, the oldest first. */
export async function readRuleHistory(config: RealtimeConfig): Promise<readonly RuleVersion[]> {
  await provideRuleTopics(config);
  const versions = await versionsIn(config, RISK_RULE_HISTORY.name);
  return [...versions].sort((a, b) => (a.signal === b.signal ? a.version - b.version : a.signal < b.signal ? -1 : 1));
}

async function versionsIn(config: RealtimeConfig, product: string): Promise<readonly RuleVersion[]> {
  return (await readResult(config, product)).map(versionOf).filter((version) => version !== undefined);
}

async function provideRuleTopics(config: RealtimeConfig): Promise<void> {
  await provideTopics(
    config,
    RULE_PRODUCTS.map(({ name }) => `${config.topicPrefix}.${name}`),
  );
}

/**
 * Sets a rule: the new version and its line of the history, or neither. Of two who set rules at once, the one who began
 * first is refused by the brokers, so that no version is given twice.
 */
export async function setRule(
  config: RealtimeConfig,
  change: RuleChange,
  rule: LiveRule,
  now: number,
): Promise<RuleVersion> {
  await provideRuleTopics(config);
  const registry = new SchemaRegistry(config.registry);
  const producer = kafkaClient(config, 'ewallet-realtime-rules').producer({
    transactionalId: `${config.topicPrefix}-rules`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  try {
    await producer.connect();
    const encoders = [
      await ProductEncoder.open(registry, config.topicPrefix, RISK_RULES),
      await ProductEncoder.open(registry, config.topicPrefix, RISK_RULE_HISTORY),
    ];
    const transaction = await producer.transaction();
    try {
      const before = (await versionsIn(config, RISK_RULES.name)).find(({ signal }) => signal === change.signal);
      const next = nextVersion(before, change, rule, now);
      for (const encoder of encoders) {
        await transaction.send({ topic: encoder.topic, acks: -1, messages: [encoder.message(rowOf(next))] });
      }
      await transaction.commit();
      return next;
    } catch (error) {
      await transaction.abort().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw Failure.transient(
      `The rule could not be set: ${reason}. Nothing has changed, or somebody set a rule at the same moment: see "ewallet-realtime rules list", and set it again.`,
      { cause: error },
    );
  } finally {
    await producer.disconnect().catch(() => undefined);
    registry.close();
  }
}
