export { ConfigReader } from './config-reader';
export { isObject, readJsonObject, type Json } from './json-file';
export { count } from './count';
export { Failure, asFailure, isFailure, type FailureKind } from './failure';
export { jsonFault } from './json-place';
export { nearestName } from './nearest-name';
export { readText } from './read-text';
export { unreadable } from './unreadable';
export { parseShare, showShare } from './share';
