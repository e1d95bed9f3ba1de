export { commandLine } from './command-line';
