export { Failure, asFailure, isFailure, type FailureKind } from './failure';
