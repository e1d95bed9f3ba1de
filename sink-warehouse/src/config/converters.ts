import { Failure } from '@ewallet/failure';
import type { KeyRule } from '../tables/key-rule';
import type { KeyReader } from './key-reader';

/** Confluent's, Apicurio's and Redpanda's are called so, in packages of their own. */
const AVRO = /(^|\.)AvroConverter$/;

/**
 * Refuses converters that read other bytes than the sink does: a file that says keys are JSON would otherwise put every
 * record aside, or land something else than it asks for. Where keys are not read, it does not matter what they are.
 *
 * @throws Failure naming the class and what to set instead
 */
export function refuseOtherConverters(read: KeyReader, key: KeyRule): void {
  const value = read.optional('value.converter');
  if (value !== undefined && !AVRO.test(value)) {
    throw Failure.config(
      `value.converter=${value}: values are read as Avro in Confluent's wire format only. Set io.confluent.connect.avro.AvroConverter, or leave it out.`,
    );
  }
  const keys = read.optional('key.converter');
  if (keys !== undefined && !AVRO.test(keys) && key.kind === 'record-key') {
    throw Failure.config(
      `key.converter=${keys}: keys are read as Avro in Confluent's wire format only. Set io.confluent.connect.avro.AvroConverter, or take the key from the value with pk.mode=record_value and pk.fields.`,
    );
  }
}
