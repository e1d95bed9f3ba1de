export { type ColumnKind, type ForeignShape, type ScalarKind } from './column-kind';
export { columnKindOf } from './json-schema';
export {
  avroTypeOf,
  kindOfAvroType,
  nullableBranch,
  KIND_PROPERTY,
  NAME_PROPERTY,
  type AvroSchema,
} from './avro-schema';
export { avroFieldNames, avroName, displayName, topicCollisions, topicName, type StreamName } from './names';
export {
  mapStream,
  METADATA_FIELDS,
  type AvroRecord,
  type MappedColumn,
  type StreamMapping,
  type StreamToMap,
} from './record-schema';
export { frame, framedSchemaId, frameHeader, FRAME_BYTES } from './framing';
export { FramedReader } from './framed-reader';
export { CONTROL_HEADER, NAMESPACE_HEADER, RECORD_ID_HEADER, STREAM_HEADER, SYNC_ID_HEADER } from './headers';
export {
  controlKeySchema,
  controlValueSchema,
  CONTROL_KEY_SUBJECT,
  CONTROL_VALUE_SUBJECT,
  GENERATION_COMPLETE,
  isControlSchema,
  parseControl,
  type Control,
} from './control-record';
export {
  hasDeeperArrays,
  metaWithDeeperArrays,
  takeDeeperArrays,
  type DeeperArrays,
  type TakenArrays,
} from './deeper-arrays';
export { describeWriterSchema, type WriterColumn, type WriterSchema } from './writer-schema';
export { fitsPrecision, formatDecimal, parseDecimal, unscaledFromBytes, unscaledToBytes } from './decimal';
export { exactAvroType, type AvroType } from './exact-avro-type';
export { incompatibleColumns, type IncompatibleColumn, type RecordPart } from './evolution';
export { SchemaRegistry, type Compatibility, type RegisteredSchema } from './registry';
export { authorization, type RegistryCredentials, type RegistryOptions, type RegistryTls } from './registry-transport';
export { tableName, type TableName } from './table-name';
