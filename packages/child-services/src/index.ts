export { guardChild, guardPath, guardWithCommand, type Release } from './guard';
export { findJava } from './java';
export type { Launch, ServiceState } from './launch';
export { cacheDirectory, copyDependencies, intoPlace, maven, type Dependency } from './maven';
export { poll } from './poll';
export { drawPort, isFree } from './ports';
export { identify, isAlive, type ProcessIdentity } from './process-identity';
export { Service } from './service';
