export { Connector, report, type Pause, type Run } from './connector';
