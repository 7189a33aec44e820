export { Connector, type Run, report } from './connector';
export { optional } from './optional';
