export { optional } from './optional';
